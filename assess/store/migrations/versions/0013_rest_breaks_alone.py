"""Rest breaks that a candidate begins alone: how much an attempt has, and the line of each.

Revision 0013.
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)

BEFORE = {
    "entry_known": "entry IN ('base', 'extra', 'credit', 'pause', 'rest', 'resume')",
    "seconds_where_given": "(entry IN ('base', 'credit', 'extra')) = (seconds > 0)",
}
NOW = {
    "entry_known": "entry IN ('base', 'extra', 'credit', 'pause', 'rest', 'own-rest', 'resume')",
    "seconds_where_given": "(entry IN ('base', 'credit', 'extra', 'own-rest')) = (seconds > 0)",
}
COLUMNS = "id, centre_id, attempt_id, entry, at, seconds, actor_id, reason"
# Before, the clock stood until somebody ended it, and no line said for how long.
AS_BEFORE = (
    "id, centre_id, attempt_id, CASE entry WHEN 'own-rest' THEN 'rest' ELSE entry END, at, "
    "CASE entry WHEN 'own-rest' THEN 0 ELSE seconds END, actor_id, reason"
)


def upgrade() -> None:
    # Attempts so far have none: their candidates began them without it.
    op.add_column("attempts", sa.Column("rest_seconds", KEY, server_default="0", nullable=False))
    _hold(NOW, COLUMNS)


def downgrade() -> None:
    _hold(BEFORE, AS_BEFORE)
    op.drop_column("attempts", "rest_seconds")


def _hold(checks: dict[str, str], columns: str) -> None:
    if op.get_bind().dialect.name == "postgresql":
        for name in checks:
            op.drop_constraint(op.f(f"ck_time_lines_{name}"), "time_lines")
        if columns != COLUMNS:
            op.execute("ALTER TABLE time_lines DISABLE TRIGGER time_lines_frozen")
            op.execute("UPDATE time_lines SET entry = 'rest', seconds = 0 WHERE entry = 'own-rest'")
            op.execute("ALTER TABLE time_lines ENABLE TRIGGER time_lines_frozen")
        for name, check in checks.items():
            op.create_check_constraint(op.f(f"ck_time_lines_{name}"), "time_lines", check)
        return
    _anew_on_sqlite(checks, columns)


def _anew_on_sqlite(checks: dict[str, str], columns: str) -> None:
    """SQLite changes no check: the table is written anew, and held by its triggers again."""
    op.create_table(
        "time_lines_new",
        sa.Column("id", KEY, nullable=False),
        sa.Column("centre_id", KEY, nullable=False),
        sa.Column("attempt_id", KEY, nullable=False),
        sa.Column("entry", sa.String(length=20), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("seconds", KEY, nullable=False),
        sa.Column("actor_id", KEY, nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        *(
            sa.CheckConstraint(check, name=op.f(f"ck_time_lines_{name}"))
            for name, check in checks.items()
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_time_lines")),
        *(
            sa.ForeignKeyConstraint(
                [column], [f"{target}.id"], name=op.f(f"fk_time_lines_{column}_{target}")
            )
            for column, target in (
                ("centre_id", "centres"),
                ("attempt_id", "attempts"),
                ("actor_id", "people"),
            )
        ),
    )
    op.execute(f"INSERT INTO time_lines_new ({COLUMNS}) SELECT {columns} FROM time_lines")  # noqa: S608
    op.drop_table("time_lines")
    op.rename_table("time_lines_new", "time_lines")
    op.create_index("ix_time_lines_attempt", "time_lines", ["attempt_id"])
    for deed in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER time_lines_frozen_{deed.lower()} BEFORE {deed} ON time_lines "
            "BEGIN SELECT RAISE(ABORT, 'rows of time_lines are never changed'); END"
        )
