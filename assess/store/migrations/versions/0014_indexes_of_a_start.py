"""An index for the newest request of a candidate; none for what nobody looks up in the journal.

Revision 0014.
"""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

REQUESTS = "ix_approval_requests_test_candidate"
JOURNAL = "ix_journal_entries_centre_id"


def upgrade() -> None:
    # Each judgement asks for the newest; the index of those that wait does not hold the answered.
    op.create_index(REQUESTS, "approval_requests", ["test_id", "candidate_id"])
    # Every deed wrote it, and no statement used it.
    op.drop_index(op.f(JOURNAL), table_name="journal_entries")


def downgrade() -> None:
    op.create_index(op.f(JOURNAL), "journal_entries", ["centre_id"])
    op.drop_index(REQUESTS, table_name="approval_requests")
