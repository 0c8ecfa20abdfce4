"""How does a browser come in as somebody, where a test is not about the page to log in at?"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext

TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


def enter(browser: BrowserContext, url: str, who: str, password: str) -> None:
    """Log in as the form would, without showing it: the browser keeps the cookie."""
    token = TOKEN.search(browser.request.get(f"{url}/login").text())
    assert token is not None
    form = {"csrf_token": token[1], "username": who, "password": password}
    answer = browser.request.post(f"{url}/login", form=form, max_redirects=0)
    assert answer.status == 302, answer.text()
