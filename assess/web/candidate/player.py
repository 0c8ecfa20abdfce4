"""What does the page of the player hold besides its question? Addresses, and words to say."""

from __future__ import annotations

from datetime import datetime

from flask import render_template, url_for

from assess import wording
from assess.delivery.form import Question
from assess.reasons import Code, Helper, Reason
from assess.web import pages
from assess.web.candidate.questions import Paper

BLANK = Question(1, 1, "", "", (), "", "radios")
"""What stands in a question that the script fills."""

SAID = (Code.OFFLINE, Code.TAKEOVER)
REVIEW = "review"


def page(template: str, paper: Paper, deadline: datetime | None, **more: object) -> str:
    """A page of an attempt under way."""

    first = url_for("candidate.question", attempt_id=paper.attempt_id, place=1)
    before = first.removesuffix("1")

    def place_of(place: int | str) -> str:
        """The address of a question; of the last look before handing in for `review`."""
        if place == REVIEW:
            return url_for("candidate.review", attempt_id=paper.attempt_id)
        return f"{before}{place}"

    return render_template(
        template,
        paper=paper,
        deadline=deadline,
        api=url_for("api.fetch", attempt_id=paper.attempt_id).rpartition("/")[0],
        place_of=place_of,
        words_of=words(),
        sample=False,
        **more,
    )


def words() -> dict[Code, wording.Words]:
    """What the script may have to say, under its message codes."""
    return {code: wording.words(Reason(code, who=Helper.YOU), pages.zone()) for code in SAID}
