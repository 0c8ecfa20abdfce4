"""How many people a question's writers and deciders are, told to PostgreSQL.

Whether somebody wrote a question of a bank is asked of candidates, who wrote none. What PostgreSQL
counts by itself are a few authors with thousands of questions each; so it went through all of the
bank for every candidate.

Revision 0018.
"""

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

TABLES = ("version_writers", "item_remarks")


def upgrade() -> None:
    _told("SET (n_distinct = -1)")


def downgrade() -> None:
    _told("RESET (n_distinct)")


def _told(what: str) -> None:
    """SQLite takes the order that the statement names."""
    if op.get_bind().dialect.name == "postgresql":
        for table in TABLES:
            op.execute(f"ALTER TABLE {table} ALTER COLUMN person_id {what}")
            op.execute(f"ANALYZE {table} (person_id)")  # it counts from then on
