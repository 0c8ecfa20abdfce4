"""Items on their way to being live: working copies, who wrote a version, what was said and done.

Revision 0005.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
DOCUMENT = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
FROZEN = ("version_writers", "item_remarks")
FOUR_EYES = """
    NEW.move IN ('approve', 'resume') AND (
      EXISTS (SELECT 1 FROM version_writers w
              WHERE w.version_id = NEW.version_id AND w.person_id = NEW.person_id)
      OR EXISTS (SELECT 1 FROM item_versions v
                 WHERE v.id = NEW.version_id AND v.author_id = NEW.person_id))
"""
SAYS = "nobody approves what they wrote"


def upgrade() -> None:
    # What was brought in as a draft waits for a reviewer, the newest of each item; the state is no
    # part of what never changes.
    op.execute(
        "UPDATE item_versions SET state = 'superseded' WHERE state = 'draft' AND EXISTS "
        "(SELECT 1 FROM item_versions n WHERE n.item_id = item_versions.item_id "
        "AND n.number > item_versions.number)"
    )
    op.execute("UPDATE item_versions SET state = 'review' WHERE state = 'draft'")
    op.create_index(
        "uq_item_versions_review",
        "item_versions",
        ["item_id"],
        unique=True,
        sqlite_where=sa.text("state = 'review'"),
        postgresql_where=sa.text("state = 'review'"),
    )
    op.create_table(
        "item_drafts",
        sa.Column("id", KEY, nullable=False),
        sa.Column("centre_id", KEY, nullable=False),
        sa.Column("bank_id", KEY, nullable=False),
        sa.Column("item_id", KEY, nullable=False),
        sa.Column("base_id", KEY, nullable=True),
        sa.Column("document", DOCUMENT, nullable=False),
        sa.Column("writers", DOCUMENT, nullable=False),
        sa.Column("revision", KEY, nullable=False),
        sa.Column("begun_by", KEY, nullable=True),
        sa.Column("begun_at", MOMENT, nullable=False),
        sa.Column("saved_by", KEY, nullable=True),
        sa.Column("saved_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["bank_id"], ["banks.id"], name=op.f("fk_item_drafts_bank_id_banks")
        ),
        sa.ForeignKeyConstraint(
            ["base_id"], ["item_versions.id"], name=op.f("fk_item_drafts_base_id_item_versions")
        ),
        sa.ForeignKeyConstraint(
            ["begun_by"], ["people.id"], name=op.f("fk_item_drafts_begun_by_people")
        ),
        sa.ForeignKeyConstraint(
            ["centre_id"], ["centres.id"], name=op.f("fk_item_drafts_centre_id_centres")
        ),
        sa.ForeignKeyConstraint(
            ["item_id"], ["items.id"], name=op.f("fk_item_drafts_item_id_items")
        ),
        sa.ForeignKeyConstraint(
            ["saved_by"], ["people.id"], name=op.f("fk_item_drafts_saved_by_people")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_item_drafts")),
        sa.UniqueConstraint("item_id", name=op.f("uq_item_drafts_item_id")),
    )
    op.create_index(op.f("ix_item_drafts_centre_id"), "item_drafts", ["centre_id"])
    op.create_index(op.f("ix_item_drafts_bank_id"), "item_drafts", ["bank_id"])
    op.create_table(
        "version_writers",
        sa.Column("id", KEY, nullable=False),
        sa.Column("centre_id", KEY, nullable=False),
        sa.Column("version_id", KEY, nullable=False),
        sa.Column("person_id", KEY, nullable=False),
        sa.ForeignKeyConstraint(
            ["centre_id"], ["centres.id"], name=op.f("fk_version_writers_centre_id_centres")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_version_writers_person_id_people")
        ),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["item_versions.id"],
            name=op.f("fk_version_writers_version_id_item_versions"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_version_writers")),
        sa.UniqueConstraint(
            "version_id", "person_id", name=op.f("uq_version_writers_version_id_person_id")
        ),
    )
    op.create_table(
        "item_remarks",
        sa.Column("id", KEY, nullable=False),
        sa.Column("centre_id", KEY, nullable=False),
        sa.Column("item_id", KEY, nullable=False),
        sa.Column("version_id", KEY, nullable=False),
        sa.Column("person_id", KEY, nullable=True),
        sa.Column("move", sa.String(length=20), nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["centre_id"], ["centres.id"], name=op.f("fk_item_remarks_centre_id_centres")
        ),
        sa.ForeignKeyConstraint(
            ["item_id"], ["items.id"], name=op.f("fk_item_remarks_item_id_items")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_item_remarks_person_id_people")
        ),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["item_versions.id"],
            name=op.f("fk_item_remarks_version_id_item_versions"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_item_remarks")),
    )
    op.create_index(op.f("ix_item_remarks_item_id"), "item_remarks", ["item_id"])
    if op.get_bind().dialect.name == "postgresql":
        _hold_on_postgresql()
    else:
        _hold_on_sqlite()


def _hold_on_postgresql() -> None:
    for table in FROZEN:
        op.execute(
            f"CREATE TRIGGER {table}_frozen BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION assess_refuse_change()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_kept BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION assess_refuse_change()"
        )
    op.execute(
        f"""
        CREATE FUNCTION assess_four_eyes() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          IF {FOUR_EYES} THEN
            RAISE EXCEPTION '{SAYS}';
          END IF;
          RETURN NEW;
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER item_remarks_four_eyes BEFORE INSERT ON item_remarks "
        "FOR EACH ROW EXECUTE FUNCTION assess_four_eyes()"
    )


def _hold_on_sqlite() -> None:
    for table in FROZEN:
        for deed in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_frozen_{deed.lower()} BEFORE {deed} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, 'rows of {table} are never changed'); END"
            )
    op.execute(
        f"CREATE TRIGGER item_remarks_four_eyes BEFORE INSERT ON item_remarks WHEN {FOUR_EYES} "
        f"BEGIN SELECT RAISE(ABORT, '{SAYS}'); END"
    )
