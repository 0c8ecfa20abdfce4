"""Indexes for what a tutor and a reviewer look at: approvals by person, remarks by version.

Revision 0015.
"""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

BY_TEST = "ix_approvals_test_candidate"
BY_CANDIDATE = "ix_approvals_candidate_test"
BY_TUTOR = "ix_approvals_tutor"
REMARKS = "ix_item_remarks_version_id"


def upgrade() -> None:
    # A candidate's page and a group's ask for whatever test; what asks for one finds it here too.
    op.create_index(BY_CANDIDATE, "approvals", ["candidate_id", "test_id"])
    op.drop_index(BY_TEST, table_name="approvals")
    op.create_index(BY_TUTOR, "approvals", ["tutor_id", "id"])
    op.create_index(op.f(REMARKS), "item_remarks", ["version_id"])


def downgrade() -> None:
    op.drop_index(op.f(REMARKS), table_name="item_remarks")
    op.drop_index(BY_TUTOR, table_name="approvals")
    op.create_index(BY_TEST, "approvals", ["test_id", "candidate_id"])
    op.drop_index(BY_CANDIDATE, table_name="approvals")
