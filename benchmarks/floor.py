"""What is the least that a save costs? A bare Flask view: signed cookie, one upsert by Core.

Run by `benchmarks/delivery.py`, behind gunicorn (`benchmarks.floor:wsgi()`) and under callgrind.
It has no pages, no limits, no headers, no rules: only what no save can do without.
"""

from __future__ import annotations

import os
from contextlib import suppress

from flask import Flask, abort, jsonify, request, session
from flask.typing import ResponseReturnValue
from sqlalchemy import Column, Integer, MetaData, String, Table, create_engine
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError

metadata = MetaData()
table = Table(
    "floor_answers",
    metadata,
    Column("sitting", Integer, primary_key=True, autoincrement=False),
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("sequence", Integer, nullable=False),
    Column("options", String(200), nullable=False),
)


def create(url: str, secret: str) -> Flask:
    """The floor on this database; its table is made if it is not there."""
    from assess.store.engines import engine_options, prepared

    app = Flask(__name__)
    app.secret_key = secret
    engine = prepared(create_engine(url, **engine_options(url) | {"pool_pre_ping": False}))
    with suppress(DBAPIError):  # two workers begin at once, and the other one has made it meanwhile
        metadata.create_all(engine)
    writing = engine.execution_options(writes=True)
    insert = (postgresql if engine.dialect.name == "postgresql" else sqlite).insert(table)
    upsert = insert.on_conflict_do_update(
        index_elements=["sitting", "place"],
        set_={"sequence": insert.excluded.sequence, "options": insert.excluded.options},
    )

    @app.post("/enter")
    def enter() -> ResponseReturnValue:
        session["sitting"] = request.get_json()["sitting"]
        return jsonify(entered=True)

    @app.post("/save")
    def save() -> ResponseReturnValue:
        sitting = session.get("sitting")
        if sitting is None:
            abort(403)
        told = request.get_json()
        with writing.begin() as connection:
            connection.execute(
                upsert,
                {
                    "sitting": sitting,
                    "place": told["place"],
                    "sequence": told["sequence"],
                    "options": str(told["answer"]),
                },
            )
        return jsonify(saved=True, place=told["place"], sequence=told["sequence"])

    return app


def wsgi() -> Flask:
    """For gunicorn: the database of the environment."""
    return create(os.environ["ASSESS_DATABASE_URL"], "floor" * 8)
