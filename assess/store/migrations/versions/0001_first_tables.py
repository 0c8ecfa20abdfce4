"""The first tables.

Revision 0001.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
DOCUMENT = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
PACKED = sa.LargeBinary()


def upgrade() -> None:
    op.create_table(
        "centres",
        sa.Column("id", KEY, nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("timezone", sa.String(length=64), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_centres")),
        sa.UniqueConstraint("code", name=op.f("uq_centres_code")),
    )
    op.create_table(
        "frameworks",
        sa.Column("id", KEY, nullable=False),
        sa.Column("key", sa.String(length=100), nullable=False),
        sa.Column("title", sa.String(length=300), nullable=False),
        sa.Column("issuer", sa.String(length=300), nullable=False),
        sa.Column("language", sa.String(length=20), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("document", DOCUMENT, nullable=False),
        sa.Column("counts", DOCUMENT, nullable=False),
        sa.Column("loaded_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_frameworks")),
        sa.UniqueConstraint("key", name=op.f("uq_frameworks_key")),
    )
    op.create_table(
        "login_failures",
        sa.Column("id", KEY, nullable=False),
        sa.Column("name_hash", sa.String(length=64), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_login_failures")),
    )
    with op.batch_alter_table("login_failures", schema=None) as batch_op:
        batch_op.create_index("ix_login_failures_name_at", ["name_hash", "at"], unique=False)

    op.create_table(
        "banks",
        sa.Column("id", KEY, nullable=False),
        sa.Column("centre_id", KEY, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("purpose", sa.String(length=20), nullable=False),
        sa.Column("framework_id", KEY, nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["centre_id"], ["centres.id"], name=op.f("fk_banks_centre_id_centres")
        ),
        sa.ForeignKeyConstraint(
            ["framework_id"], ["frameworks.id"], name=op.f("fk_banks_framework_id_frameworks")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_banks")),
        sa.UniqueConstraint("centre_id", "name", name=op.f("uq_banks_centre_id_name")),
    )
    op.create_table(
        "framework_nodes",
        sa.Column("path", sa.String(length=200), nullable=False),
        sa.Column("framework_id", KEY, nullable=False),
        sa.Column("parent", sa.String(length=200), nullable=True),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("code", sa.String(length=60), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("assessed", sa.Boolean(), nullable=False),
        sa.Column("position", KEY, nullable=False),
        sa.ForeignKeyConstraint(
            ["framework_id"],
            ["frameworks.id"],
            name=op.f("fk_framework_nodes_framework_id_frameworks"),
        ),
        sa.PrimaryKeyConstraint("path", name=op.f("pk_framework_nodes")),
    )
    with op.batch_alter_table("framework_nodes", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_framework_nodes_framework_id"), ["framework_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_framework_nodes_parent"), ["parent"], unique=False)

    op.create_table(
        "people",
        sa.Column("id", KEY, nullable=False),
        sa.Column("centre_id", KEY, nullable=False),
        sa.Column("username", sa.String(length=200), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("pseudonym", sa.String(length=64), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=True),
        sa.Column("must_change_password", sa.Boolean(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["centre_id"], ["centres.id"], name=op.f("fk_people_centre_id_centres")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people")),
        sa.UniqueConstraint("pseudonym", name=op.f("uq_people_pseudonym")),
        sa.UniqueConstraint("username", name=op.f("uq_people_username")),
    )
    with op.batch_alter_table("people", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_people_centre_id"), ["centre_id"], unique=False)

    op.create_table(
        "programmes",
        sa.Column("id", KEY, nullable=False),
        sa.Column("centre_id", KEY, nullable=False),
        sa.Column("framework_id", KEY, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["centre_id"], ["centres.id"], name=op.f("fk_programmes_centre_id_centres")
        ),
        sa.ForeignKeyConstraint(
            ["framework_id"], ["frameworks.id"], name=op.f("fk_programmes_framework_id_frameworks")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_programmes")),
        sa.UniqueConstraint("centre_id", "name", name=op.f("uq_programmes_centre_id_name")),
    )
    op.create_table(
        "items",
        sa.Column("id", KEY, nullable=False),
        sa.Column("centre_id", KEY, nullable=False),
        sa.Column("bank_id", KEY, nullable=False),
        sa.Column("identifier", sa.String(length=200), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["bank_id"], ["banks.id"], name=op.f("fk_items_bank_id_banks")),
        sa.ForeignKeyConstraint(
            ["centre_id"], ["centres.id"], name=op.f("fk_items_centre_id_centres")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_items")),
        sa.UniqueConstraint("bank_id", "identifier", name=op.f("uq_items_bank_id_identifier")),
    )
    op.create_table(
        "journal_entries",
        sa.Column("id", KEY, nullable=False),
        sa.Column("centre_id", KEY, nullable=True),
        sa.Column("actor_id", KEY, nullable=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("event", sa.String(length=60), nullable=False),
        sa.Column("facts", DOCUMENT, nullable=False),
        sa.Column("details_digest", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(
            ["actor_id"], ["people.id"], name=op.f("fk_journal_entries_actor_id_people")
        ),
        sa.ForeignKeyConstraint(
            ["centre_id"], ["centres.id"], name=op.f("fk_journal_entries_centre_id_centres")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journal_entries")),
    )
    with op.batch_alter_table("journal_entries", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_journal_entries_centre_id"), ["centre_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_journal_entries_event"), ["event"], unique=False)

    op.create_table(
        "registrations",
        sa.Column("id", KEY, nullable=False),
        sa.Column("centre_id", KEY, nullable=False),
        sa.Column("programme_id", KEY, nullable=False),
        sa.Column("candidate_id", KEY, nullable=False),
        sa.Column("tutor_id", KEY, nullable=False),
        sa.Column("group", sa.String(length=100), nullable=False),
        sa.Column("language", sa.String(length=20), nullable=False),
        sa.Column("registered_at", MOMENT, nullable=False),
        sa.Column("ends_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(
            ["candidate_id"], ["people.id"], name=op.f("fk_registrations_candidate_id_people")
        ),
        sa.ForeignKeyConstraint(
            ["centre_id"], ["centres.id"], name=op.f("fk_registrations_centre_id_centres")
        ),
        sa.ForeignKeyConstraint(
            ["programme_id"],
            ["programmes.id"],
            name=op.f("fk_registrations_programme_id_programmes"),
        ),
        sa.ForeignKeyConstraint(
            ["tutor_id"], ["people.id"], name=op.f("fk_registrations_tutor_id_people")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registrations")),
        sa.UniqueConstraint(
            "programme_id", "candidate_id", name=op.f("uq_registrations_programme_id_candidate_id")
        ),
    )
    with op.batch_alter_table("registrations", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_registrations_candidate_id"), ["candidate_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_registrations_centre_id"), ["centre_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_registrations_tutor_id"), ["tutor_id"], unique=False)

    op.create_table(
        "roles_held",
        sa.Column("id", KEY, nullable=False),
        sa.Column("centre_id", KEY, nullable=False),
        sa.Column("person_id", KEY, nullable=False),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("given_at", MOMENT, nullable=False),
        sa.Column("given_by", KEY, nullable=True),
        sa.Column("taken_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(
            ["centre_id"], ["centres.id"], name=op.f("fk_roles_held_centre_id_centres")
        ),
        sa.ForeignKeyConstraint(
            ["given_by"], ["people.id"], name=op.f("fk_roles_held_given_by_people")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_roles_held_person_id_people")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roles_held")),
    )
    with op.batch_alter_table("roles_held", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_roles_held_centre_id"), ["centre_id"], unique=False)
        batch_op.create_index(
            "uq_roles_held_now",
            ["person_id", "role"],
            unique=True,
            sqlite_where=sa.text("taken_at IS NULL"),
            postgresql_where=sa.text("taken_at IS NULL"),
        )

    op.create_table(
        "sessions",
        sa.Column("id", KEY, nullable=False),
        sa.Column("centre_id", KEY, nullable=False),
        sa.Column("person_id", KEY, nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("device", sa.String(length=200), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("seen_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(
            ["centre_id"], ["centres.id"], name=op.f("fk_sessions_centre_id_centres")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_sessions_person_id_people")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sessions")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_sessions_token_hash")),
    )
    with op.batch_alter_table("sessions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sessions_person_id"), ["person_id"], unique=False)

    op.create_table(
        "signposts",
        sa.Column("id", KEY, nullable=False),
        sa.Column("centre_id", KEY, nullable=False),
        sa.Column("bank_id", KEY, nullable=False),
        sa.Column("outcome", sa.String(length=300), nullable=False),
        sa.Column("position", KEY, nullable=False),
        sa.Column("title", sa.String(length=300), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["bank_id"], ["banks.id"], name=op.f("fk_signposts_bank_id_banks")),
        sa.ForeignKeyConstraint(
            ["centre_id"], ["centres.id"], name=op.f("fk_signposts_centre_id_centres")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signposts")),
        sa.UniqueConstraint(
            "bank_id", "outcome", "position", name=op.f("uq_signposts_bank_id_outcome_position")
        ),
    )
    op.create_table(
        "statements",
        sa.Column("id", KEY, nullable=False),
        sa.Column("centre_id", KEY, nullable=False),
        sa.Column("programme_id", KEY, nullable=False),
        sa.Column("number", KEY, nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("published_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["centre_id"], ["centres.id"], name=op.f("fk_statements_centre_id_centres")
        ),
        sa.ForeignKeyConstraint(
            ["programme_id"], ["programmes.id"], name=op.f("fk_statements_programme_id_programmes")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_statements")),
        sa.UniqueConstraint(
            "programme_id", "number", name=op.f("uq_statements_programme_id_number")
        ),
    )
    op.create_table(
        "tests",
        sa.Column("id", KEY, nullable=False),
        sa.Column("centre_id", KEY, nullable=False),
        sa.Column("bank_id", KEY, nullable=False),
        sa.Column("programme_id", KEY, nullable=True),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("title", sa.String(length=300), nullable=False),
        sa.Column("gates", DOCUMENT, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["bank_id"], ["banks.id"], name=op.f("fk_tests_bank_id_banks")),
        sa.ForeignKeyConstraint(
            ["centre_id"], ["centres.id"], name=op.f("fk_tests_centre_id_centres")
        ),
        sa.ForeignKeyConstraint(
            ["programme_id"], ["programmes.id"], name=op.f("fk_tests_programme_id_programmes")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tests")),
        sa.UniqueConstraint("centre_id", "name", name=op.f("uq_tests_centre_id_name")),
    )
    with op.batch_alter_table("tests", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_tests_programme_id"), ["programme_id"], unique=False)

    op.create_table(
        "approval_requests",
        sa.Column("id", KEY, nullable=False),
        sa.Column("centre_id", KEY, nullable=False),
        sa.Column("test_id", KEY, nullable=False),
        sa.Column("candidate_id", KEY, nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("answered_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(
            ["candidate_id"], ["people.id"], name=op.f("fk_approval_requests_candidate_id_people")
        ),
        sa.ForeignKeyConstraint(
            ["centre_id"], ["centres.id"], name=op.f("fk_approval_requests_centre_id_centres")
        ),
        sa.ForeignKeyConstraint(
            ["test_id"], ["tests.id"], name=op.f("fk_approval_requests_test_id_tests")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approval_requests")),
    )
    with op.batch_alter_table("approval_requests", schema=None) as batch_op:
        batch_op.create_index(
            "uq_approval_requests_waiting",
            ["test_id", "candidate_id"],
            unique=True,
            sqlite_where=sa.text("answered_at IS NULL"),
            postgresql_where=sa.text("answered_at IS NULL"),
        )

    op.create_table(
        "item_versions",
        sa.Column("id", KEY, nullable=False),
        sa.Column("centre_id", KEY, nullable=False),
        sa.Column("bank_id", KEY, nullable=False),
        sa.Column("item_id", KEY, nullable=False),
        sa.Column("number", KEY, nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("outcome", sa.String(length=300), nullable=True),
        sa.Column("stem", sa.Text(), nullable=False),
        sa.Column("content", DOCUMENT, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("author_id", KEY, nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["author_id"], ["people.id"], name=op.f("fk_item_versions_author_id_people")
        ),
        sa.ForeignKeyConstraint(
            ["bank_id"], ["banks.id"], name=op.f("fk_item_versions_bank_id_banks")
        ),
        sa.ForeignKeyConstraint(
            ["centre_id"], ["centres.id"], name=op.f("fk_item_versions_centre_id_centres")
        ),
        sa.ForeignKeyConstraint(
            ["item_id"], ["items.id"], name=op.f("fk_item_versions_item_id_items")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_item_versions")),
        sa.UniqueConstraint("item_id", "number", name=op.f("uq_item_versions_item_id_number")),
    )
    with op.batch_alter_table("item_versions", schema=None) as batch_op:
        batch_op.create_index(
            "ix_item_versions_cell", ["bank_id", "outcome", "state"], unique=False
        )
        batch_op.create_index(
            "uq_item_versions_live",
            ["item_id"],
            unique=True,
            sqlite_where=sa.text("state = 'live'"),
            postgresql_where=sa.text("state = 'live'"),
        )

    op.create_table(
        "journal_details",
        sa.Column("entry_id", KEY, nullable=False),
        sa.Column("centre_id", KEY, nullable=True),
        sa.Column("salt", sa.LargeBinary(length=16), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["centre_id"], ["centres.id"], name=op.f("fk_journal_details_centre_id_centres")
        ),
        sa.ForeignKeyConstraint(
            ["entry_id"],
            ["journal_entries.id"],
            name=op.f("fk_journal_details_entry_id_journal_entries"),
        ),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_journal_details")),
    )
    op.create_table(
        "journal_seals",
        sa.Column("place", KEY, autoincrement=False, nullable=False),
        sa.Column("entry_id", KEY, nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["entry_id"],
            ["journal_entries.id"],
            name=op.f("fk_journal_seals_entry_id_journal_entries"),
        ),
        sa.PrimaryKeyConstraint("place", name=op.f("pk_journal_seals")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_journal_seals_entry_id")),
    )
    op.create_table(
        "signatures",
        sa.Column("id", KEY, nullable=False),
        sa.Column("centre_id", KEY, nullable=False),
        sa.Column("statement_id", KEY, nullable=False),
        sa.Column("person_id", KEY, nullable=False),
        sa.Column("typed_name", sa.String(length=200), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("signed_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["centre_id"], ["centres.id"], name=op.f("fk_signatures_centre_id_centres")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_signatures_person_id_people")
        ),
        sa.ForeignKeyConstraint(
            ["statement_id"], ["statements.id"], name=op.f("fk_signatures_statement_id_statements")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signatures")),
        sa.UniqueConstraint(
            "statement_id", "person_id", name=op.f("uq_signatures_statement_id_person_id")
        ),
    )
    with op.batch_alter_table("signatures", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_signatures_person_id"), ["person_id"], unique=False)

    op.create_table(
        "specifications",
        sa.Column("id", KEY, nullable=False),
        sa.Column("centre_id", KEY, nullable=False),
        sa.Column("test_id", KEY, nullable=False),
        sa.Column("number", KEY, nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("document", DOCUMENT, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("published_by", KEY, nullable=True),
        sa.Column("published_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["centre_id"], ["centres.id"], name=op.f("fk_specifications_centre_id_centres")
        ),
        sa.ForeignKeyConstraint(
            ["published_by"], ["people.id"], name=op.f("fk_specifications_published_by_people")
        ),
        sa.ForeignKeyConstraint(
            ["test_id"], ["tests.id"], name=op.f("fk_specifications_test_id_tests")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_specifications")),
        sa.UniqueConstraint("test_id", "number", name=op.f("uq_specifications_test_id_number")),
    )
    with op.batch_alter_table("specifications", schema=None) as batch_op:
        batch_op.create_index(
            "uq_specifications_published",
            ["test_id"],
            unique=True,
            sqlite_where=sa.text("state = 'published'"),
            postgresql_where=sa.text("state = 'published'"),
        )

    op.create_table(
        "approvals",
        sa.Column("id", KEY, nullable=False),
        sa.Column("centre_id", KEY, nullable=False),
        sa.Column("test_id", KEY, nullable=False),
        sa.Column("candidate_id", KEY, nullable=False),
        sa.Column("tutor_id", KEY, nullable=False),
        sa.Column("request_id", KEY, nullable=False),
        sa.Column("basis", DOCUMENT, nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("given_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["candidate_id"], ["people.id"], name=op.f("fk_approvals_candidate_id_people")
        ),
        sa.ForeignKeyConstraint(
            ["centre_id"], ["centres.id"], name=op.f("fk_approvals_centre_id_centres")
        ),
        sa.ForeignKeyConstraint(
            ["request_id"],
            ["approval_requests.id"],
            name=op.f("fk_approvals_request_id_approval_requests"),
        ),
        sa.ForeignKeyConstraint(["test_id"], ["tests.id"], name=op.f("fk_approvals_test_id_tests")),
        sa.ForeignKeyConstraint(
            ["tutor_id"], ["people.id"], name=op.f("fk_approvals_tutor_id_people")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approvals")),
        sa.UniqueConstraint("request_id", name=op.f("uq_approvals_request_id")),
    )
    with op.batch_alter_table("approvals", schema=None) as batch_op:
        batch_op.create_index(
            "ix_approvals_test_candidate", ["test_id", "candidate_id"], unique=False
        )

    op.create_table(
        "pools",
        sa.Column("id", KEY, nullable=False),
        sa.Column("centre_id", KEY, nullable=False),
        sa.Column("specification_id", KEY, nullable=False),
        sa.Column("number", KEY, nullable=False),
        sa.Column("document", DOCUMENT, nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["centre_id"], ["centres.id"], name=op.f("fk_pools_centre_id_centres")
        ),
        sa.ForeignKeyConstraint(
            ["specification_id"],
            ["specifications.id"],
            name=op.f("fk_pools_specification_id_specifications"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pools")),
        sa.UniqueConstraint(
            "specification_id", "number", name=op.f("uq_pools_specification_id_number")
        ),
    )
    op.create_table(
        "epochs",
        sa.Column("id", KEY, nullable=False),
        sa.Column("centre_id", KEY, nullable=False),
        sa.Column("pool_id", KEY, nullable=False),
        sa.Column("number", KEY, nullable=False),
        sa.Column("commitment", sa.String(length=64), nullable=False),
        sa.Column("sealed_seed", sa.LargeBinary(), nullable=False),
        sa.Column("draws", KEY, nullable=False),
        sa.Column("opened_at", MOMENT, nullable=False),
        sa.Column("closed_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(
            ["centre_id"], ["centres.id"], name=op.f("fk_epochs_centre_id_centres")
        ),
        sa.ForeignKeyConstraint(["pool_id"], ["pools.id"], name=op.f("fk_epochs_pool_id_pools")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_epochs")),
        sa.UniqueConstraint("pool_id", "number", name=op.f("uq_epochs_pool_id_number")),
    )
    with op.batch_alter_table("epochs", schema=None) as batch_op:
        batch_op.create_index(
            "uq_epochs_current",
            ["pool_id"],
            unique=True,
            sqlite_where=sa.text("closed_at IS NULL"),
            postgresql_where=sa.text("closed_at IS NULL"),
        )

    op.create_table(
        "attempts",
        sa.Column("id", KEY, nullable=False),
        sa.Column("centre_id", KEY, nullable=False),
        sa.Column("test_id", KEY, nullable=False),
        sa.Column("bank_id", KEY, nullable=False),
        sa.Column("specification_id", KEY, nullable=False),
        sa.Column("pool_id", KEY, nullable=False),
        sa.Column("epoch_id", KEY, nullable=False),
        sa.Column("candidate_id", KEY, nullable=False),
        sa.Column("approval_id", KEY, nullable=True),
        sa.Column("statement_id", KEY, nullable=True),
        sa.Column("ordinal", KEY, nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("facts", DOCUMENT, nullable=False),
        sa.Column("form", DOCUMENT, nullable=False),
        sa.Column("form_fingerprint", sa.String(length=64), nullable=False),
        sa.Column("history_fingerprint", sa.String(length=64), nullable=False),
        sa.Column("seconds", KEY, nullable=False),
        sa.Column("prepared_at", MOMENT, nullable=False),
        sa.Column("opened_at", MOMENT, nullable=True),
        sa.Column("deadline", MOMENT, nullable=True),
        sa.Column("closed_at", MOMENT, nullable=True),
        sa.Column("closed_by", sa.String(length=20), nullable=True),
        sa.Column("writer", KEY, nullable=False),
        sa.Column("writer_session_id", KEY, nullable=True),
        sa.Column("answers_digest", sa.String(length=64), nullable=True),
        sa.Column("receipt", sa.String(length=64), nullable=True),
        sa.CheckConstraint(
            "(state = 'prepared') = (opened_at IS NULL) OR state = 'void'",
            name=op.f("ck_attempts_open_has_moment"),
        ),
        sa.CheckConstraint(
            "state IN ('prepared', 'open', 'paused', 'closed', 'marked', 'void')",
            name=op.f("ck_attempts_state_known"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('closed', 'marked') OR closed_at IS NOT NULL",
            name=op.f("ck_attempts_closed_has_moment"),
        ),
        sa.ForeignKeyConstraint(
            ["approval_id"], ["approvals.id"], name=op.f("fk_attempts_approval_id_approvals")
        ),
        sa.ForeignKeyConstraint(["bank_id"], ["banks.id"], name=op.f("fk_attempts_bank_id_banks")),
        sa.ForeignKeyConstraint(
            ["candidate_id"], ["people.id"], name=op.f("fk_attempts_candidate_id_people")
        ),
        sa.ForeignKeyConstraint(
            ["centre_id"], ["centres.id"], name=op.f("fk_attempts_centre_id_centres")
        ),
        sa.ForeignKeyConstraint(
            ["epoch_id"], ["epochs.id"], name=op.f("fk_attempts_epoch_id_epochs")
        ),
        sa.ForeignKeyConstraint(["pool_id"], ["pools.id"], name=op.f("fk_attempts_pool_id_pools")),
        sa.ForeignKeyConstraint(
            ["specification_id"],
            ["specifications.id"],
            name=op.f("fk_attempts_specification_id_specifications"),
        ),
        sa.ForeignKeyConstraint(
            ["statement_id"], ["statements.id"], name=op.f("fk_attempts_statement_id_statements")
        ),
        sa.ForeignKeyConstraint(["test_id"], ["tests.id"], name=op.f("fk_attempts_test_id_tests")),
        sa.ForeignKeyConstraint(
            ["writer_session_id"],
            ["sessions.id"],
            name=op.f("fk_attempts_writer_session_id_sessions"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempts")),
        sa.UniqueConstraint("approval_id", name=op.f("uq_attempts_approval_id")),
        sa.UniqueConstraint(
            "test_id",
            "candidate_id",
            "ordinal",
            name=op.f("uq_attempts_test_id_candidate_id_ordinal"),
        ),
    )
    with op.batch_alter_table("attempts", schema=None) as batch_op:
        batch_op.create_index("ix_attempts_candidate", ["candidate_id"], unique=False)
        batch_op.create_index("ix_attempts_state_deadline", ["state", "deadline"], unique=False)
        batch_op.create_index(
            "uq_attempts_live",
            ["test_id", "candidate_id"],
            unique=True,
            sqlite_where=sa.text("state IN ('open', 'paused', 'prepared')"),
            postgresql_where=sa.text("state IN ('open', 'paused', 'prepared')"),
        )

    op.create_table(
        "answers",
        sa.Column("id", KEY, nullable=False),
        sa.Column("centre_id", KEY, nullable=False),
        sa.Column("attempt_id", KEY, nullable=False),
        sa.Column("place", KEY, nullable=False),
        sa.Column("writer", KEY, nullable=False),
        sa.Column("sequence", KEY, nullable=False),
        sa.Column("options", DOCUMENT, nullable=False),
        sa.Column("received_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["attempt_id"], ["attempts.id"], name=op.f("fk_answers_attempt_id_attempts")
        ),
        sa.ForeignKeyConstraint(
            ["centre_id"], ["centres.id"], name=op.f("fk_answers_centre_id_centres")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_answers")),
        sa.UniqueConstraint(
            "attempt_id",
            "place",
            "writer",
            "sequence",
            name=op.f("uq_answers_attempt_id_place_writer_sequence"),
        ),
    )
    op.create_table(
        "flags",
        sa.Column("attempt_id", KEY, nullable=False),
        sa.Column("place", KEY, autoincrement=False, nullable=False),
        sa.Column("centre_id", KEY, nullable=False),
        sa.ForeignKeyConstraint(
            ["attempt_id"], ["attempts.id"], name=op.f("fk_flags_attempt_id_attempts")
        ),
        sa.ForeignKeyConstraint(
            ["centre_id"], ["centres.id"], name=op.f("fk_flags_centre_id_centres")
        ),
        sa.PrimaryKeyConstraint("attempt_id", "place", name=op.f("pk_flags")),
    )
    op.create_table(
        "marks",
        sa.Column("id", KEY, nullable=False),
        sa.Column("centre_id", KEY, nullable=False),
        sa.Column("attempt_id", KEY, nullable=False),
        sa.Column("test_id", KEY, nullable=False),
        sa.Column("bank_id", KEY, nullable=False),
        sa.Column("specification_id", KEY, nullable=False),
        sa.Column("ordinal", KEY, nullable=False),
        sa.Column("number", KEY, nullable=False),
        sa.Column("score", KEY, nullable=False),
        sa.Column("out_of", KEY, nullable=False),
        sa.Column("cut", KEY, nullable=False),
        sa.Column("passed", sa.Boolean(), nullable=False),
        sa.Column("outcomes", DOCUMENT, nullable=False),
        sa.Column("rule", sa.String(length=40), nullable=False),
        sa.Column("marked_at", MOMENT, nullable=False),
        sa.Column("versions", PACKED, nullable=False),
        sa.Column("options", PACKED, nullable=False),
        sa.Column("scores", PACKED, nullable=False),
        sa.Column("seconds", PACKED, nullable=False),
        sa.Column("places", PACKED, nullable=False),
        sa.ForeignKeyConstraint(
            ["attempt_id"], ["attempts.id"], name=op.f("fk_marks_attempt_id_attempts")
        ),
        sa.ForeignKeyConstraint(["bank_id"], ["banks.id"], name=op.f("fk_marks_bank_id_banks")),
        sa.ForeignKeyConstraint(
            ["centre_id"], ["centres.id"], name=op.f("fk_marks_centre_id_centres")
        ),
        sa.ForeignKeyConstraint(
            ["specification_id"],
            ["specifications.id"],
            name=op.f("fk_marks_specification_id_specifications"),
        ),
        sa.ForeignKeyConstraint(["test_id"], ["tests.id"], name=op.f("fk_marks_test_id_tests")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_marks")),
        sa.UniqueConstraint("attempt_id", "number", name=op.f("uq_marks_attempt_id_number")),
    )
    with op.batch_alter_table("marks", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_marks_bank_id"), ["bank_id"], unique=False)
        batch_op.create_index("ix_marks_report", ["test_id", "ordinal"], unique=False)

    if op.get_bind().dialect.name == "postgresql":
        _freeze_on_postgresql()
    else:
        _freeze_on_sqlite()


def downgrade() -> None:
    with op.batch_alter_table("marks", schema=None) as batch_op:
        batch_op.drop_index("ix_marks_report")
        batch_op.drop_index(batch_op.f("ix_marks_bank_id"))

    op.drop_table("marks")
    op.drop_table("flags")
    op.drop_table("answers")
    with op.batch_alter_table("attempts", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_attempts_live",
            sqlite_where=sa.text("state IN ('open', 'paused', 'prepared')"),
            postgresql_where=sa.text("state IN ('open', 'paused', 'prepared')"),
        )
        batch_op.drop_index("ix_attempts_state_deadline")
        batch_op.drop_index("ix_attempts_candidate")

    op.drop_table("attempts")
    with op.batch_alter_table("epochs", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_epochs_current",
            sqlite_where=sa.text("closed_at IS NULL"),
            postgresql_where=sa.text("closed_at IS NULL"),
        )

    op.drop_table("epochs")
    op.drop_table("pools")
    with op.batch_alter_table("approvals", schema=None) as batch_op:
        batch_op.drop_index("ix_approvals_test_candidate")

    op.drop_table("approvals")
    with op.batch_alter_table("specifications", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_specifications_published",
            sqlite_where=sa.text("state = 'published'"),
            postgresql_where=sa.text("state = 'published'"),
        )

    op.drop_table("specifications")
    with op.batch_alter_table("signatures", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_signatures_person_id"))

    op.drop_table("signatures")
    op.drop_table("journal_seals")
    op.drop_table("journal_details")
    with op.batch_alter_table("item_versions", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_item_versions_live",
            sqlite_where=sa.text("state = 'live'"),
            postgresql_where=sa.text("state = 'live'"),
        )
        batch_op.drop_index("ix_item_versions_cell")

    op.drop_table("item_versions")
    with op.batch_alter_table("approval_requests", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_approval_requests_waiting",
            sqlite_where=sa.text("answered_at IS NULL"),
            postgresql_where=sa.text("answered_at IS NULL"),
        )

    op.drop_table("approval_requests")
    with op.batch_alter_table("tests", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_tests_programme_id"))

    op.drop_table("tests")
    op.drop_table("statements")
    op.drop_table("signposts")
    with op.batch_alter_table("sessions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sessions_person_id"))

    op.drop_table("sessions")
    with op.batch_alter_table("roles_held", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_roles_held_now",
            sqlite_where=sa.text("taken_at IS NULL"),
            postgresql_where=sa.text("taken_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_roles_held_centre_id"))

    op.drop_table("roles_held")
    with op.batch_alter_table("registrations", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_registrations_tutor_id"))
        batch_op.drop_index(batch_op.f("ix_registrations_centre_id"))
        batch_op.drop_index(batch_op.f("ix_registrations_candidate_id"))

    op.drop_table("registrations")
    with op.batch_alter_table("journal_entries", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_journal_entries_event"))
        batch_op.drop_index(batch_op.f("ix_journal_entries_centre_id"))

    op.drop_table("journal_entries")
    op.drop_table("items")
    op.drop_table("programmes")
    with op.batch_alter_table("people", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_people_centre_id"))

    op.drop_table("people")
    with op.batch_alter_table("framework_nodes", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_framework_nodes_parent"))
        batch_op.drop_index(batch_op.f("ix_framework_nodes_framework_id"))

    op.drop_table("framework_nodes")
    op.drop_table("banks")
    with op.batch_alter_table("login_failures", schema=None) as batch_op:
        batch_op.drop_index("ix_login_failures_name_at")

    op.drop_table("login_failures")
    op.drop_table("frameworks")
    op.drop_table("centres")


FROZEN = ("journal_entries", "journal_seals", "answers", "marks", "signatures")
"""Tables whose rows are inserted and never touched again."""

VERSION = ("item_id", "number", "kind", "outcome", "stem", "content", "digest")
"""What never changes in an item version; its state does."""


def _freeze_on_postgresql() -> None:
    op.execute(
        """
        CREATE FUNCTION assess_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          -- Only the retention job lifts this, inside its own transaction.
          IF current_setting('assess.retention', true) = 'on' THEN
            RETURN COALESCE(NEW, OLD);
          END IF;
          RAISE EXCEPTION 'rows of % are never changed', TG_TABLE_NAME;
        END $$
        """
    )
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
        f"CREATE TRIGGER item_versions_frozen BEFORE UPDATE OF {', '.join(VERSION)} "
        "ON item_versions FOR EACH ROW EXECUTE FUNCTION assess_refuse_change()"
    )


def _freeze_on_sqlite() -> None:
    for table in FROZEN:
        for deed in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_frozen_{deed.lower()} BEFORE {deed} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, 'rows of {table} are never changed'); END"
            )
    op.execute(
        f"CREATE TRIGGER item_versions_frozen BEFORE UPDATE OF {', '.join(VERSION)} "
        "ON item_versions "
        "BEGIN SELECT RAISE(ABORT, 'rows of item_versions are never changed'); END"
    )
