"""Practice, and marks given again by a person.

Revision 0004.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
WAITING = sa.text("decided_at IS NULL")


def upgrade() -> None:
    # SQLite adds a column of this kind without copying the table.
    op.add_column(
        "tests", sa.Column("practice", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.create_table(
        "mark_reviews",
        sa.Column("id", KEY, nullable=False),
        sa.Column("centre_id", KEY, nullable=False),
        sa.Column("attempt_id", KEY, nullable=False),
        sa.Column("candidate_id", KEY, nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("decided_at", MOMENT, nullable=True),
        sa.Column("decided_by", KEY, nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("mark_id", KEY, nullable=True),
        sa.CheckConstraint(
            "(decided_at IS NULL) = (mark_id IS NULL)", name=op.f("ck_mark_reviews_decision_whole")
        ),
        sa.CheckConstraint(
            "decided_by IS NULL OR decided_by <> candidate_id",
            name=op.f("ck_mark_reviews_never_ones_own"),
        ),
        sa.ForeignKeyConstraint(
            ["attempt_id"], ["attempts.id"], name=op.f("fk_mark_reviews_attempt_id_attempts")
        ),
        sa.ForeignKeyConstraint(
            ["candidate_id"], ["people.id"], name=op.f("fk_mark_reviews_candidate_id_people")
        ),
        sa.ForeignKeyConstraint(
            ["centre_id"], ["centres.id"], name=op.f("fk_mark_reviews_centre_id_centres")
        ),
        sa.ForeignKeyConstraint(
            ["decided_by"], ["people.id"], name=op.f("fk_mark_reviews_decided_by_people")
        ),
        sa.ForeignKeyConstraint(
            ["mark_id"], ["marks.id"], name=op.f("fk_mark_reviews_mark_id_marks")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mark_reviews")),
        sa.UniqueConstraint("mark_id", name=op.f("uq_mark_reviews_mark_id")),
    )
    with op.batch_alter_table("mark_reviews", schema=None) as batch_op:
        batch_op.create_index(op.f("ix_mark_reviews_centre_id"), ["centre_id"], unique=False)
        batch_op.create_index(
            "uq_mark_reviews_waiting",
            ["attempt_id"],
            unique=True,
            sqlite_where=WAITING,
            postgresql_where=WAITING,
        )
