"""Another period: a decision that the weeks of a window may be agreed anew after they are over.

Revision 0017.
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
CHECK = "ck_allowances_kind_known"
BEFORE = "kind IN ('waiver', 'extra-attempt')"
NOW = "kind IN ('waiver', 'extra-attempt', 'another-period')"
COLUMNS = "id, centre_id, test_id, candidate_id, kind, after_ordinal, words, decided_by, decided_at"


def upgrade() -> None:
    _hold(NOW)


def downgrade() -> None:
    # Tables before know no such decision; the day that was agreed after it stays the last one.
    _hold(BEFORE)


def _hold(check: str) -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint(op.f(CHECK), "allowances")
        if check == BEFORE:
            op.execute("ALTER TABLE allowances DISABLE TRIGGER allowances_frozen")
            op.execute(f"DELETE FROM allowances WHERE NOT {BEFORE}")  # noqa: S608 - no input
            op.execute("ALTER TABLE allowances ENABLE TRIGGER allowances_frozen")
        op.create_check_constraint(op.f(CHECK), "allowances", check)
        return
    _anew_on_sqlite(check)


def _anew_on_sqlite(check: str) -> None:
    """SQLite changes no check: the table is written anew, and held by its triggers again."""
    op.create_table(
        "allowances_new",
        sa.Column("id", KEY, nullable=False),
        sa.Column("centre_id", KEY, nullable=False),
        sa.Column("test_id", KEY, nullable=False),
        sa.Column("candidate_id", KEY, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("after_ordinal", KEY, nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("decided_by", KEY, nullable=False),
        sa.Column("decided_at", MOMENT, nullable=False),
        sa.CheckConstraint(check, name=op.f(CHECK)),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_allowances")),
        *(
            sa.ForeignKeyConstraint(
                [column], [f"{target}.id"], name=op.f(f"fk_allowances_{column}_{target}")
            )
            for column, target in (
                ("centre_id", "centres"),
                ("test_id", "tests"),
                ("candidate_id", "people"),
                ("decided_by", "people"),
            )
        ),
    )
    op.execute(
        f"INSERT INTO allowances_new ({COLUMNS}) SELECT {COLUMNS} FROM allowances WHERE {check}"  # noqa: S608
    )
    op.drop_table("allowances")
    op.rename_table("allowances_new", "allowances")
    op.create_index("ix_allowances_test_candidate", "allowances", ["test_id", "candidate_id"])
    op.create_index(
        "uq_allowances_after",
        "allowances",
        ["test_id", "candidate_id", "kind", "after_ordinal"],
        unique=True,
    )
    for deed in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER allowances_frozen_{deed.lower()} BEFORE {deed} ON allowances "
            "BEGIN SELECT RAISE(ABORT, 'rows of allowances are never changed'); END"
        )
