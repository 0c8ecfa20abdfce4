"""Calibrations that are asked for by a page, and done by the worker.

Revision 0011.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
DOCUMENT = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
WAITING = sa.text("done_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "calibration_requests",
        sa.Column("id", KEY, nullable=False),
        sa.Column("centre_id", KEY, nullable=False),
        sa.Column("test_id", KEY, nullable=False),
        sa.Column("asked_by", KEY, nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("seen_at", MOMENT, nullable=True),
        sa.Column("steps", KEY, nullable=False),
        sa.Column("done_at", MOMENT, nullable=True),
        sa.Column("calibration_id", KEY, nullable=True),
        sa.Column("reasons", DOCUMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calibration_requests")),
        *(
            sa.ForeignKeyConstraint(
                [column],
                [f"{table}.id"],
                name=op.f(f"fk_calibration_requests_{column}_{table}"),
            )
            for column, table in (
                ("centre_id", "centres"),
                ("test_id", "tests"),
                ("asked_by", "people"),
                ("calibration_id", "calibrations"),
            )
        ),
    )
    op.create_index(
        "uq_calibration_requests_waiting",
        "calibration_requests",
        ["test_id"],
        unique=True,
        sqlite_where=WAITING,
        postgresql_where=WAITING,
    )


def downgrade() -> None:
    op.drop_table("calibration_requests")
