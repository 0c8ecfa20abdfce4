"""Statements of result; messages and overdue answers; the outbox, and where mails go.

Revision 0007.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
WAITING = sa.text("sent_at IS NULL AND given_up_at IS NULL")
FROZEN = ("statements_of_result", "messages", "overdue_answers")


def upgrade() -> None:
    # A column that may be empty and points nowhere: SQLite adds it without copying the table.
    op.add_column("people", sa.Column("email", sa.String(length=254), nullable=True))
    op.create_table(
        "statements_of_result",
        sa.Column("id", KEY, nullable=False),
        sa.Column("centre_id", KEY, nullable=False),
        sa.Column("attempt_id", KEY, nullable=False),
        sa.Column("mark_id", KEY, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("issued_at", MOMENT, nullable=False),
        *_belongs("statements_of_result", attempt_id="attempts", mark_id="marks"),
        sa.UniqueConstraint("code", name=op.f("uq_statements_of_result_code")),
        sa.UniqueConstraint("mark_id", "name", name=op.f("uq_statements_of_result_mark_id_name")),
    )
    op.create_index(
        op.f("ix_statements_of_result_attempt_id"), "statements_of_result", ["attempt_id"]
    )
    op.create_table(
        "messages",
        sa.Column("id", KEY, nullable=False),
        sa.Column("centre_id", KEY, nullable=False),
        sa.Column("registration_id", KEY, nullable=False),
        sa.Column("author_id", KEY, nullable=False),
        sa.Column("from_candidate", sa.Boolean(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("written_at", MOMENT, nullable=False),
        *_belongs("messages", registration_id="registrations", author_id="people"),
    )
    op.create_index(
        "ix_messages_registration", "messages", ["registration_id", "from_candidate", "id"]
    )
    op.create_table(
        "overdue_answers",
        sa.Column("id", KEY, nullable=False),
        sa.Column("centre_id", KEY, nullable=False),
        sa.Column("message_id", KEY, nullable=True),
        sa.Column("request_id", KEY, nullable=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.CheckConstraint(
            "(message_id IS NULL) <> (request_id IS NULL)",
            name=op.f("ck_overdue_answers_one_request"),
        ),
        *_belongs("overdue_answers", message_id="messages", request_id="approval_requests"),
        sa.UniqueConstraint("message_id", name=op.f("uq_overdue_answers_message_id")),
        sa.UniqueConstraint("request_id", name=op.f("uq_overdue_answers_request_id")),
    )
    op.create_index(op.f("ix_overdue_answers_centre_id"), "overdue_answers", ["centre_id"])
    op.create_table(
        "mails",
        sa.Column("id", KEY, nullable=False),
        sa.Column("centre_id", KEY, nullable=False),
        sa.Column("person_id", KEY, nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("message_id", sa.String(length=200), nullable=False),
        sa.Column("address", sa.String(length=254), nullable=False),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("tries", KEY, nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("sent_at", MOMENT, nullable=True),
        sa.Column("given_up_at", MOMENT, nullable=True),
        *_belongs("mails", person_id="people"),
        sa.UniqueConstraint("key", name=op.f("uq_mails_key")),
        sa.UniqueConstraint("message_id", name=op.f("uq_mails_message_id")),
    )
    op.create_index(op.f("ix_mails_centre_id"), "mails", ["centre_id"])
    op.create_index(
        "ix_mails_due", "mails", ["due_at"], sqlite_where=WAITING, postgresql_where=WAITING
    )
    for table in FROZEN:
        _freeze(table)


def downgrade() -> None:
    for table in ("mails", "overdue_answers", "messages", "statements_of_result"):
        op.drop_table(table)
    op.drop_column("people", "email")


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
