"""What is my centre called, in which zone are its days, and who and what is there?"""

from __future__ import annotations

from flask import render_template
from flask_login import current_user

from assess import store
from assess.store import centres, programmes, roles_held
from assess.web import signing
from assess.web.administrator.blueprint import administrators, bp


@bp.get("/centre")
@administrators
def centre() -> str:
    """The administrator's own centre; no other is to be seen."""
    with store.read() as session:
        mine = centres.get(session, current_user.centre_id)
        holders = roles_held.count_by_role(session, mine.id, signing.now())
        offered = programmes.of_centre(session, mine.id)
    return render_template(
        "administrator/centre.html", centre=mine, holders=holders, programmes=offered
    )
