"""What does somebody see whose page the database did not answer? When to come again, not why."""

from __future__ import annotations

import pytest
from flask import Flask, session
from psycopg.errors import ReadOnlySqlTransaction
from sqlalchemy.exc import DBAPIError, InternalError, OperationalError, TimeoutError

from assess.app import create_app
from assess.settings import Settings
from assess.store import kept
from tests.compiled import once


@pytest.fixture(scope="module")
def app() -> Flask:
    """The application on an empty database."""
    return once(create_app(Settings.for_tests()))


def unsure() -> DBAPIError:
    """The error of a deed of which nobody said whether it was done."""
    error = DBAPIError(None, {}, Exception("died"), connection_invalidated=True)
    error.add_detail(kept.UNSURE)
    return error


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (OperationalError("SELECT 1", {}, Exception("no answer")), 503),
        (TimeoutError("no connection was free"), 503),
        (DBAPIError("SELECT 1", {}, Exception("died"), connection_invalidated=True), 503),
        (InternalError("SELECT 1", {}, ReadOnlySqlTransaction("it only reads")), 503),
        (unsure(), 503),
        (DBAPIError("SELECT 1", {}, Exception("no such thing")), 500),
    ],
    ids=["no answer", "none free", "died under it", "only reads", "at the COMMIT", "asked wrongly"],
)
@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/"), ("POST", "/people/new"), ("GET", "/api/attempts/1/form")]
)
def test_a_database_that_is_away_is_busy_and_a_wrong_question_is_our_fault(
    app: Flask, error: Exception, status: int, method: str, path: str
) -> None:
    with app.test_request_context(path, method=method):
        # Somebody whom nobody can look up: there is not even a table. The page must not try.
        session["_user_id"] = "token"
        answer = app.make_response(app.handle_user_exception(error))
    assert answer.status_code == status
    assert answer.headers.get("Retry-After") == ("5" if status == 503 else None)
    json = path.startswith("/api/")
    assert answer.mimetype == ("application/problem+json" if json else "text/html")
    text = answer.get_data(as_text=True)
    assert ("E-BUSY" if status == 503 else "E-BROKEN") in text
    nobody_knows = method == "POST" and kept.is_unsure(error)
    assert ("does not know whether this is done" in text) is nobody_knows
    assert ("This may be done, or not" in text) is nobody_knows
    assert "SELECT" not in text
