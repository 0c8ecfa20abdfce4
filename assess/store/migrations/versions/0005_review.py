"""Items on their way to being live: drafts, comments, approvals.

Revision 0005.
"""

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass
