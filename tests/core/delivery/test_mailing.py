"""Which addresses are taken, and how long is a mail tried?"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from assess import wording
from assess.delivery import mailing
from assess.delivery.mailing import PATHS, Kind

NOON = datetime(2026, 7, 1, 11, 30, tzinfo=UTC)
AWRY = (
    *("", "a", "a@b", "@b.org", "a@b.org\nBcc: x@y.org", "a b@c.org", "a@-b.org", "ä@b.org"),
    *("a..b@c.org", ".a@b.org", "a@b..org", "<a@b.org>", "a@b.org,c@d.org", "x" * 65 + "@b.org"),
    "a@" + "b" * 60 + "." + ("c" * 60 + ".") * 4 + "org",
)


@pytest.mark.parametrize("address", AWRY)
def test_what_is_no_address_is_refused(address: str) -> None:
    assert [r.values["field"] for r in mailing.why_not_write_to(address)] == ["email"]


def test_what_is_an_address_is_taken_and_none_at_all_too() -> None:
    for address in ("a@b.org", "Ann.O'Neill+x@mail.example.co.uk", None):
        assert mailing.why_not_write_to(address) == ()
    assert mailing.plain_address("  ") is None


def test_a_mail_is_tried_for_more_than_a_day_and_a_night() -> None:
    waits = []
    for tries in range(1, 20):
        later = mailing.next_try(tries, NOON)
        if later is None:
            break
        waits.append(later - NOON)
    assert waits == sorted(waits)
    assert timedelta(hours=36) < sum(waits, timedelta()) < timedelta(days=4)


def test_every_kind_has_words_and_leads_somewhere() -> None:
    values = {"name": "Ann", "about": "Grace", "test": "First test", "tutor": "Grace"}
    values |= {"by": "Helen", "at": "today"}
    frame = {"link": "https://x.example/y", "service": "Assess", "centre": "Here", "since": NOON}
    for kind in Kind:
        subject, body = wording.mail(kind.value, values | frame)  # type: ignore[arg-type]
        assert "%(" not in subject + body
        assert "\n" not in subject
        assert body.startswith("Hello Ann,")
        assert "https://x.example/y" in body
        assert PATHS[kind].startswith("/")
    with pytest.raises(KeyError):
        wording.mail("no such kind", values | frame)  # type: ignore[arg-type]
