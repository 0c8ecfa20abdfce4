"""The ledger of an attempt's time, holds, and states that move one way.

Revision 0010.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)

# What the database lets happen to a state: the pairs of `MOVES` in `delivery/attempt`, to which a
# test holds it.
STEPS = (
    ("prepared", "open"),
    ("open", "paused"),
    ("paused", "open"),
    ("open", "closed"),
    ("paused", "closed"),
    ("closed", "marked"),
    *((state, "void") for state in ("prepared", "open", "paused", "closed", "marked")),
)
LEGAL = " OR ".join(f"(OLD.state = '{old}' AND NEW.state = '{new}')" for old, new in STEPS)
# What an attempt was closed with stands for good.
CLOSED = ("form", "form_fingerprint", "closed_at", "closed_by", "answers_digest", "receipt")


def upgrade() -> None:
    op.create_table(
        "time_lines",
        sa.Column("id", KEY, nullable=False),
        sa.Column("centre_id", KEY, nullable=False),
        sa.Column("attempt_id", KEY, nullable=False),
        sa.Column("entry", sa.String(length=20), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("seconds", KEY, nullable=False),
        sa.Column("actor_id", KEY, nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "entry IN ('base', 'extra', 'credit', 'pause', 'rest', 'resume')",
            name=op.f("ck_time_lines_entry_known"),
        ),
        sa.CheckConstraint(
            "(entry IN ('base', 'credit', 'extra')) = (seconds > 0)",
            name=op.f("ck_time_lines_seconds_where_given"),
        ),
        *_belongs("time_lines", attempt_id="attempts", actor_id="people"),
    )
    op.create_index("ix_time_lines_attempt", "time_lines", ["attempt_id"])
    op.create_table(
        "holds",
        sa.Column("id", KEY, nullable=False),
        sa.Column("centre_id", KEY, nullable=False),
        sa.Column("person_id", KEY, nullable=False),
        sa.Column("test_id", KEY, nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("placed_by", KEY, nullable=True),
        sa.Column("placed_at", MOMENT, nullable=False),
        sa.Column("lifting", sa.Text(), nullable=True),
        sa.Column("lifted_by", KEY, nullable=True),
        sa.Column("lifted_at", MOMENT, nullable=True),
        sa.CheckConstraint("placed_by <> person_id", name=op.f("ck_holds_somebody_else_places")),
        sa.CheckConstraint("lifted_by <> person_id", name=op.f("ck_holds_somebody_else_lifts")),
        sa.CheckConstraint(
            "(lifted_at IS NULL) = (lifting IS NULL)", name=op.f("ck_holds_lifting_whole")
        ),
        *_belongs(
            "holds",
            person_id="people",
            test_id="tests",
            placed_by="people",
            lifted_by="people",
        ),
    )
    op.create_index("ix_holds_person", "holds", ["person_id"])
    op.create_index("ix_holds_centre_id", "holds", ["centre_id"])
    if op.get_bind().dialect.name == "postgresql":
        _hold_on_postgresql()
    else:
        _hold_on_sqlite()


def downgrade() -> None:
    names = ("attempts_one_way", "attempts_closed")
    if op.get_bind().dialect.name == "postgresql":
        for name in names:
            op.execute(f"DROP TRIGGER {name} ON attempts")
        op.execute("DROP FUNCTION assess_refuse_move()")
    else:
        for name in names:
            op.execute(f"DROP TRIGGER {name}")
    op.drop_table("holds")
    op.drop_table("time_lines")


def _hold_on_postgresql() -> None:
    op.execute(
        """
        CREATE FUNCTION assess_refuse_move() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          RAISE EXCEPTION 'an attempt that is % is never %', OLD.state, NEW.state;
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER attempts_one_way BEFORE UPDATE OF state ON attempts FOR EACH ROW "
        f"WHEN (OLD.state <> NEW.state AND NOT ({LEGAL})) "
        "EXECUTE FUNCTION assess_refuse_move()"
    )
    op.execute(
        f"CREATE TRIGGER attempts_closed BEFORE UPDATE OF {', '.join(CLOSED)} ON attempts "
        "FOR EACH ROW WHEN (OLD.receipt IS NOT NULL) EXECUTE FUNCTION assess_refuse_change()"
    )
    for name, deed, each in (
        ("frozen", "UPDATE OR DELETE", "ROW"),
        ("kept", "TRUNCATE", "STATEMENT"),
    ):
        op.execute(
            f"CREATE TRIGGER time_lines_{name} BEFORE {deed} ON time_lines "
            f"FOR EACH {each} EXECUTE FUNCTION assess_refuse_change()"
        )


def _hold_on_sqlite() -> None:
    op.execute(
        "CREATE TRIGGER attempts_one_way BEFORE UPDATE OF state ON attempts "
        f"WHEN OLD.state <> NEW.state AND NOT ({LEGAL}) "
        "BEGIN SELECT RAISE(ABORT, 'an attempt never makes this move'); END"
    )
    op.execute(
        f"CREATE TRIGGER attempts_closed BEFORE UPDATE OF {', '.join(CLOSED)} ON attempts "
        "WHEN OLD.receipt IS NOT NULL "
        "BEGIN SELECT RAISE(ABORT, 'rows of attempts are never changed once closed'); END"
    )
    for deed in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER time_lines_frozen_{deed.lower()} BEFORE {deed} ON time_lines "
            "BEGIN SELECT RAISE(ABORT, 'rows of time_lines are never changed'); END"
        )


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
