"""Decisions before a start: advice, withdrawal, notes, windows, waivers, extra attempts.

Revision 0003.
"""

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass
