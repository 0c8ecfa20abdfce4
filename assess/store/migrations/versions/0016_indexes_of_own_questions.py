"""Indexes for whoever may not be asked their own questions: writers and remarks by person.

Revision 0016.
"""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

WRITERS = "ix_version_writers_person_id"
REMARKS = "ix_item_remarks_person_id"


def upgrade() -> None:
    op.create_index(op.f(WRITERS), "version_writers", ["person_id"])
    op.create_index(op.f(REMARKS), "item_remarks", ["person_id"])


def downgrade() -> None:
    op.drop_index(op.f(REMARKS), table_name="item_remarks")
    op.drop_index(op.f(WRITERS), table_name="version_writers")
