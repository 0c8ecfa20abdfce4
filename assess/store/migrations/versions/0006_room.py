"""The invigilated room: sittings, rosters, attendance, reports.

Revision 0006.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
DOCUMENT = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
CURRENT = sa.text("ended_at IS NULL")
FROZEN = ("attendance_records", "sitting_reports")


def upgrade() -> None:
    op.create_table(
        "sittings",
        sa.Column("id", KEY, nullable=False),
        sa.Column("centre_id", KEY, nullable=False),
        sa.Column("test_id", KEY, nullable=False),
        sa.Column("place", sa.String(length=200), nullable=False),
        sa.Column("begins_at", MOMENT, nullable=False),
        sa.Column("created_by", KEY, nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("released_at", MOMENT, nullable=True),
        sa.Column("released_by", KEY, nullable=True),
        sa.Column("closed_at", MOMENT, nullable=True),
        sa.Column("closed_by", KEY, nullable=True),
        sa.CheckConstraint(
            "closed_at IS NULL OR closed_at >= created_at",
            name=op.f("ck_sittings_closed_after_created"),
        ),
        *_belongs(
            "sittings",
            test_id="tests",
            created_by="people",
            released_by="people",
            closed_by="people",
        ),
    )
    op.create_index("ix_sittings_centre_begins", "sittings", ["centre_id", "begins_at"])
    op.create_table(
        "roster_entries",
        sa.Column("id", KEY, nullable=False),
        sa.Column("centre_id", KEY, nullable=False),
        sa.Column("sitting_id", KEY, nullable=False),
        sa.Column("test_id", KEY, nullable=False),
        sa.Column("candidate_id", KEY, nullable=False),
        sa.Column("added_by", KEY, nullable=True),
        sa.Column("added_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("taken_off_by", KEY, nullable=True),
        sa.Column("taken_off", sa.Boolean(), nullable=False),
        *_belongs(
            "roster_entries",
            sitting_id="sittings",
            test_id="tests",
            candidate_id="people",
            added_by="people",
            taken_off_by="people",
        ),
    )
    op.create_index("ix_roster_entries_sitting", "roster_entries", ["sitting_id"])
    op.create_index(
        "uq_roster_entries_current",
        "roster_entries",
        ["test_id", "candidate_id"],
        unique=True,
        sqlite_where=CURRENT,
        postgresql_where=CURRENT,
    )
    op.create_table(
        "attendance_records",
        sa.Column("id", KEY, nullable=False),
        sa.Column("centre_id", KEY, nullable=False),
        sa.Column("entry_id", KEY, nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("method", sa.String(length=20), nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("very_late", sa.Boolean(), nullable=False),
        sa.Column("arrived_at", MOMENT, nullable=True),
        sa.Column("by_id", KEY, nullable=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.CheckConstraint(
            "state IN ('present', 'late', 'absent', 'turned-away')",
            name=op.f("ck_attendance_records_state_known"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('present', 'late') OR (method IS NOT NULL AND arrived_at IS NOT NULL)",
            name=op.f("ck_attendance_records_identity_checked"),
        ),
        *_belongs("attendance_records", entry_id="roster_entries", by_id="people"),
    )
    op.create_index("ix_attendance_records_entry", "attendance_records", ["entry_id"])
    op.create_table(
        "sitting_reports",
        sa.Column("id", KEY, nullable=False),
        sa.Column("centre_id", KEY, nullable=False),
        sa.Column("sitting_id", KEY, nullable=False),
        sa.Column("document", DOCUMENT, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("made_by", KEY, nullable=True),
        sa.Column("made_at", MOMENT, nullable=False),
        *_belongs("sitting_reports", sitting_id="sittings", made_by="people"),
        sa.UniqueConstraint("sitting_id", name=op.f("uq_sitting_reports_sitting_id")),
    )
    for table in FROZEN:
        _freeze(table)


def downgrade() -> None:
    for table in ("sitting_reports", "attendance_records", "roster_entries", "sittings"):
        op.drop_table(table)


def _belongs(table: str, **columns: str) -> list[sa.schema.SchemaItem]:
    """The primary key, and the foreign keys: of the centre, and of these columns."""
    return [
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        *(
            sa.ForeignKeyConstraint(
                [column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}_{target}")
            )
            for column, target in {"centre_id": "centres", **columns}.items()
        ),
    ]


def _freeze(table: str) -> None:
    """Refuse to change or delete a table's rows, as migration 0001 does for others."""
    if op.get_bind().dialect.name == "postgresql":
        for name, deed, each in (
            ("frozen", "UPDATE OR DELETE", "ROW"),
            ("kept", "TRUNCATE", "STATEMENT"),
        ):
            op.execute(
                f"CREATE TRIGGER {table}_{name} BEFORE {deed} ON {table} "
                f"FOR EACH {each} EXECUTE FUNCTION assess_refuse_change()"
            )
        return
    for deed in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {table}_frozen_{deed.lower()} BEFORE {deed} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, 'rows of {table} are never changed'); END"
        )
