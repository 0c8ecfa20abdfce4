"""Decisions before a start: advice, withdrawal, notes, windows, waivers, extra attempts.

Revision 0003.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
FROZEN = ("agreed_dates", "allowances", "notes")


def upgrade() -> None:
    with op.batch_alter_table("approval_requests", schema=None) as batch_op:
        batch_op.add_column(sa.Column("advice", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("advised_by", KEY, nullable=True))
        batch_op.create_foreign_key(
            op.f("fk_approval_requests_advised_by_people"), "people", ["advised_by"], ["id"]
        )
    with op.batch_alter_table("approvals", schema=None) as batch_op:
        batch_op.add_column(sa.Column("withdrawn_at", MOMENT, nullable=True))
        batch_op.add_column(sa.Column("withdrawn_by", KEY, nullable=True))
        batch_op.add_column(sa.Column("withdrawn_words", sa.Text(), nullable=True))
        batch_op.create_foreign_key(
            op.f("fk_approvals_withdrawn_by_people"), "people", ["withdrawn_by"], ["id"]
        )
    op.create_table(
        "agreed_dates",
        sa.Column("id", KEY, nullable=False),
        sa.Column("centre_id", KEY, nullable=False),
        sa.Column("test_id", KEY, nullable=False),
        sa.Column("candidate_id", KEY, nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("agreed_by", KEY, nullable=False),
        sa.Column("agreed_at", MOMENT, nullable=False),
        *_belongs("agreed_dates", test_id="tests", candidate_id="people", agreed_by="people"),
    )
    with op.batch_alter_table("agreed_dates", schema=None) as batch_op:
        batch_op.create_index(
            "ix_agreed_dates_test_candidate", ["test_id", "candidate_id"], unique=False
        )
    op.create_table(
        "allowances",
        sa.Column("id", KEY, nullable=False),
        sa.Column("centre_id", KEY, nullable=False),
        sa.Column("test_id", KEY, nullable=False),
        sa.Column("candidate_id", KEY, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("after_ordinal", KEY, nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("decided_by", KEY, nullable=False),
        sa.Column("decided_at", MOMENT, nullable=False),
        sa.CheckConstraint(
            "kind IN ('waiver', 'extra-attempt')", name=op.f("ck_allowances_kind_known")
        ),
        *_belongs("allowances", test_id="tests", candidate_id="people", decided_by="people"),
    )
    with op.batch_alter_table("allowances", schema=None) as batch_op:
        batch_op.create_index(
            "ix_allowances_test_candidate", ["test_id", "candidate_id"], unique=False
        )
        batch_op.create_index(
            "uq_allowances_after",
            ["test_id", "candidate_id", "kind", "after_ordinal"],
            unique=True,
        )
    op.create_table(
        "notes",
        sa.Column("id", KEY, nullable=False),
        sa.Column("centre_id", KEY, nullable=False),
        sa.Column("candidate_id", KEY, nullable=False),
        sa.Column("author_id", KEY, nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("written_at", MOMENT, nullable=False),
        *_belongs("notes", candidate_id="people", author_id="people"),
    )
    with op.batch_alter_table("notes", schema=None) as batch_op:
        batch_op.create_index(op.f("ix_notes_candidate_id"), ["candidate_id"], unique=False)
    for table in FROZEN:
        _freeze(table)


def _belongs(table: str, **keys: str) -> list[sa.Constraint]:
    """The primary key of a table, and its foreign keys: the centre, and those named."""
    foreign = [
        sa.ForeignKeyConstraint([column], [f"{other}.id"], name=f"fk_{table}_{column}_{other}")
        for column, other in {"centre_id": "centres", **keys}.items()
    ]
    return [sa.PrimaryKeyConstraint("id", name=f"pk_{table}"), *foreign]


def _freeze(table: str) -> None:
    """Decisions and notes are inserted, never changed."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"CREATE TRIGGER {table}_frozen BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION assess_refuse_change()"
        )
        return
    for deed in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {table}_frozen_{deed.lower()} BEFORE {deed} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, 'rows of {table} are never changed'); END"
        )
