"""Answers that came too late or from a device that was taken over, and decisions about them.

Revision 0008.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
DOCUMENT = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
FROZEN = ("late_answers", "late_decisions")


def upgrade() -> None:
    op.create_table(
        "late_answers",
        sa.Column("id", KEY, nullable=False),
        sa.Column("centre_id", KEY, nullable=False),
        sa.Column("attempt_id", KEY, nullable=False),
        sa.Column("cause", sa.String(length=20), nullable=False),
        sa.Column("place", KEY, nullable=False),
        sa.Column("writer", KEY, nullable=False),
        sa.Column("sequence", KEY, nullable=False),
        sa.Column("options", DOCUMENT, nullable=False),
        sa.Column("unbroken", sa.Boolean(), nullable=False),
        sa.Column("session_id", KEY, nullable=False),
        sa.Column("received_at", MOMENT, nullable=False),
        sa.CheckConstraint(
            "cause IN ('late', 'superseded')", name=op.f("ck_late_answers_cause_known")
        ),
        sa.UniqueConstraint(
            "attempt_id",
            "place",
            "writer",
            "sequence",
            name=op.f("uq_late_answers_attempt_id_place_writer_sequence"),
        ),
        *_belongs("late_answers", attempt_id="attempts", session_id="sessions"),
    )
    op.create_table(
        "late_decisions",
        sa.Column("id", KEY, nullable=False),
        sa.Column("centre_id", KEY, nullable=False),
        sa.Column("attempt_id", KEY, nullable=False),
        sa.Column("last_id", KEY, nullable=False),
        sa.Column("accepted", sa.Boolean(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("decided_by", KEY, nullable=True),
        sa.Column("decided_at", MOMENT, nullable=False),
        sa.UniqueConstraint(
            "attempt_id", "last_id", name=op.f("uq_late_decisions_attempt_id_last_id")
        ),
        *_belongs(
            "late_decisions", attempt_id="attempts", last_id="late_answers", decided_by="people"
        ),
    )
    for table in FROZEN:
        _freeze(table)


def downgrade() -> None:
    op.drop_table("late_decisions")
    op.drop_table("late_answers")


def _belongs(table: str, **columns: str) -> list[sa.schema.SchemaItem]:
    """The primary key, and the foreign keys: of the centre, and of these columns."""
    return [
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        *(
            sa.ForeignKeyConstraint(
                [column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}_{target}")
            )
            for column, target in {"centre_id": "centres", **columns}.items()
        ),
    ]


def _freeze(table: str) -> None:
    """Refuse to change or delete a table's rows, as migration 0001 does for others."""
    if op.get_bind().dialect.name == "postgresql":
        for name, deed, each in (
            ("frozen", "UPDATE OR DELETE", "ROW"),
            ("kept", "TRUNCATE", "STATEMENT"),
        ):
            op.execute(
                f"CREATE TRIGGER {table}_{name} BEFORE {deed} ON {table} "
                f"FOR EACH {each} EXECUTE FUNCTION assess_refuse_change()"
            )
        return
    for deed in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {table}_frozen_{deed.lower()} BEFORE {deed} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, 'rows of {table} are never changed'); END"
        )
