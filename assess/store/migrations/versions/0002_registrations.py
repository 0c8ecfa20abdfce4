"""What a registration, a programme, a role and an arrangement hold.

Revision 0002.
"""

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass
