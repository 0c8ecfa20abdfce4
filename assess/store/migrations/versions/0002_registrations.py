"""What a registration, a programme, a role and an arrangement hold.

Revision 0002.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    # Columns that may be empty and point nowhere: SQLite adds them without copying the table.
    op.add_column("programmes", sa.Column("minimum_age", KEY, nullable=True))
    op.add_column("programmes", sa.Column("last_registration", sa.Date(), nullable=True))
    op.add_column("programmes", sa.Column("months", KEY, nullable=True))
    op.add_column("registrations", sa.Column("starts_at", MOMENT, nullable=True))
    op.add_column("registrations", sa.Column("needs", sa.Text(), nullable=True))
    op.add_column("people", sa.Column("born_on", sa.Date(), nullable=True))
    op.add_column("roles_held", sa.Column("until", MOMENT, nullable=True))
    op.create_table(
        "role_requests",
        sa.Column("id", KEY, nullable=False),
        sa.Column("centre_id", KEY, nullable=False),
        sa.Column("person_id", KEY, nullable=False),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("until", MOMENT, nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("decided_at", MOMENT, nullable=True),
        sa.Column("decided_by", KEY, nullable=True),
        sa.Column("granted", sa.Boolean(), nullable=True),
        sa.CheckConstraint(
            "decided_by IS NULL OR decided_by <> person_id",
            name=op.f("ck_role_requests_second_decides"),
        ),
        sa.CheckConstraint(
            "(decided_at IS NULL) = (granted IS NULL)",
            name=op.f("ck_role_requests_decision_whole"),
        ),
        sa.ForeignKeyConstraint(
            ["centre_id"], ["centres.id"], name=op.f("fk_role_requests_centre_id_centres")
        ),
        sa.ForeignKeyConstraint(
            ["decided_by"], ["people.id"], name=op.f("fk_role_requests_decided_by_people")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_role_requests_person_id_people")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_role_requests")),
    )
    op.create_index(op.f("ix_role_requests_centre_id"), "role_requests", ["centre_id"])
    op.create_index(
        "uq_role_requests_waiting",
        "role_requests",
        ["person_id", "role"],
        unique=True,
        sqlite_where=sa.text("decided_at IS NULL"),
        postgresql_where=sa.text("decided_at IS NULL"),
    )
    op.create_table(
        "arrangements",
        sa.Column("id", KEY, nullable=False),
        sa.Column("centre_id", KEY, nullable=False),
        sa.Column("person_id", KEY, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("value", sa.String(length=40), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("approved_by", KEY, nullable=True),
        sa.Column("approved_at", MOMENT, nullable=False),
        sa.Column("starts_at", MOMENT, nullable=False),
        sa.Column("ends_at", MOMENT, nullable=True),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("ended_by", KEY, nullable=True),
        sa.CheckConstraint(
            "approved_by <> person_id", name=op.f("ck_arrangements_somebody_else_approves")
        ),
        sa.CheckConstraint(
            "ends_at IS NULL OR ends_at > starts_at",
            name=op.f("ck_arrangements_period_not_empty"),
        ),
        sa.ForeignKeyConstraint(
            ["approved_by"], ["people.id"], name=op.f("fk_arrangements_approved_by_people")
        ),
        sa.ForeignKeyConstraint(
            ["centre_id"], ["centres.id"], name=op.f("fk_arrangements_centre_id_centres")
        ),
        sa.ForeignKeyConstraint(
            ["ended_by"], ["people.id"], name=op.f("fk_arrangements_ended_by_people")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_arrangements_person_id_people")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_arrangements")),
    )
    op.create_index("ix_arrangements_person", "arrangements", ["person_id"])
    op.create_index(
        "uq_arrangements_kind",
        "arrangements",
        ["person_id", "kind"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
