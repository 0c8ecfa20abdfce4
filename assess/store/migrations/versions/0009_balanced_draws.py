"""How each form lay to its band, under which label it was drawn; what calibrations found.

Revision 0009.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "calibrations",
        sa.Column("id", KEY, nullable=False),
        sa.Column("centre_id", KEY, nullable=False),
        sa.Column("test_id", KEY, nullable=False),
        sa.Column("number", KEY, nullable=False),
        sa.Column("model", sa.String(length=10), nullable=False),
        sa.Column("attempts", KEY, nullable=False),
        sa.Column("cut", KEY, nullable=False),
        sa.Column("ability", KEY, nullable=False),
        sa.Column("versions", sa.LargeBinary(), nullable=False),
        sa.Column("difficulties", sa.LargeBinary(), nullable=False),
        sa.Column("errors", sa.LargeBinary(), nullable=False),
        sa.Column("weights", sa.LargeBinary(), nullable=False),
        sa.Column("made_by", KEY, nullable=True),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["centre_id"], ["centres.id"], name=op.f("fk_calibrations_centre_id_centres")
        ),
        sa.ForeignKeyConstraint(
            ["test_id"], ["tests.id"], name=op.f("fk_calibrations_test_id_tests")
        ),
        sa.ForeignKeyConstraint(
            ["made_by"], ["people.id"], name=op.f("fk_calibrations_made_by_people")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calibrations")),
        sa.UniqueConstraint("test_id", "number", name=op.f("uq_calibrations_test_id_number")),
    )
    # Every form so far was drawn by the first draw, which looked at no band.
    op.add_column(
        "attempts",
        sa.Column("label", sa.String(length=20), nullable=False, server_default="assess-draw/1"),
    )
    op.add_column("attempts", sa.Column("expected", KEY, nullable=True))
    op.add_column("attempts", sa.Column("in_band", sa.Boolean(), nullable=True))
    with op.batch_alter_table("pools", schema=None) as batch_op:
        batch_op.add_column(sa.Column("calibration_id", KEY, nullable=True))
        batch_op.create_foreign_key(
            op.f("fk_pools_calibration_id_calibrations"),
            "calibrations",
            ["calibration_id"],
            ["id"],
        )


def downgrade() -> None:
    with op.batch_alter_table("pools", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("fk_pools_calibration_id_calibrations"), type_="foreignkey")
        batch_op.drop_column("calibration_id")
    for column in ("in_band", "expected", "label"):
        op.drop_column("attempts", column)
    op.drop_table("calibrations")
