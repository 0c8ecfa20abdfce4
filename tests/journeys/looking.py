"""Looking at a page as a designer and a screen reader would: pictures, axe, no sideways scroll."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from axe_playwright_python.sync_playwright import Axe

if TYPE_CHECKING:
    from playwright.sync_api import Page

WIDTHS = (1280, 320)  # the narrow one is that of 1280 at four hundred per cent: WCAG 2.2, 1.4.10
# https://www.w3.org/TR/WCAG22/, levels A and AA, by the names axe has for them.
RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}
# Rows that stand below each other on a narrow screen fit it.
STACKED = """[...document.querySelectorAll(".app-scroll:has(> .app-table--stacked)")]
    .filter((frame) => innerWidth < 640 && frame.scrollWidth > frame.clientWidth)
    .map((frame) => frame.textContent.slice(0, 60))"""
# In a list of its links, as a screen reader gives it, each place has a name of its own.
ALIKE = """() => {
    const links = [...document.querySelectorAll("main a[href]")]
        .filter((link) => link.getClientRects().length > 0)
        .map((link) => [link.getAttribute("aria-label") ?? link.textContent, link.href]);
    const goals = new Map(links.map(([name, goal]) => [name.replace(/\\s+/g, " ").trim(), goal]));
    const same = ([name, goal]) => goals.get(name.replace(/\\s+/g, " ").trim()) === goal;
    return links.filter((link) => !same(link));
}"""
# All that is asked at a width goes in one question: each passes three processes and comes back.
SEEN = f"""() => ({{
    wide: document.documentElement.scrollWidth,
    stacked: {STACKED},
    alike: ({ALIKE})(),
    axe: "axe" in window,
}})"""
# The slowest rule looks at two texts of each kind: letters alike on grounds alike have one answer.
# What is off, typed in, or one letter long is judged by other terms, and is a kind by itself.
OF_EACH_KIND = """
    const grounds = new Map([[null, ""]]), counted = new Map();
    const ground = (one) => {
        if (!grounds.has(one)) {
            const { backgroundColor, backgroundImage, opacity, position } = getComputedStyle(one);
            const own = [backgroundColor, backgroundImage, opacity, position].join();
            const bare = own === "rgba(0, 0, 0, 0),none,1,static";
            grounds.set(one, ground(one.parentElement) + (bare ? "" : `/${own}`));
        }
        return grounds.get(one);
    };
    for (const one of document.querySelectorAll("body *")) {
        const said = [...one.childNodes].filter((n) => n.nodeType === Node.TEXT_NODE)
            .reduce((length, n) => length + n.data.trim().length, 0);
        const typed = one.matches("input, select, textarea");
        if ((said === 0 && !typed) || one.getClientRects().length === 0) continue;
        const { color, fontSize, fontWeight, textShadow } = getComputedStyle(one);
        const off = one.closest(":disabled, [aria-disabled=true], label:has(:disabled)") !== null
            || one.control?.disabled === true;
        const letters = [color, fontSize, fontWeight, textShadow];
        const kind = [...letters, off, said === 1, typed, ground(one)].join();
        counted.set(kind, (counted.get(kind) ?? 0) + 1);
        one.toggleAttribute("data-of-each-kind", counted.get(kind) <= 2);
    }
    axe.configure({ rules: [{ id: "color-contrast", selector: "[data-of-each-kind]" }] });
"""
# In ASCII: a few letters beyond Latin-1 would make every character of it two bytes on its way.
AXE = Axe().axe_script.encode("ascii", "backslashreplace").decode()
# All in one walk over the page; only what is wrong comes back.
RUN = f"""async (rules) => {{
    {OF_EACH_KIND}
    const found = await axe.run(rules);
    const said = (v) => v.nodes.slice(0, 3).map((node) => node.html.slice(0, 120));
    return found.violations.map((v) => `${{v.id}}: ${{v.help}} ${{said(v)}}`);
}}"""


def look(page: Page, name: str) -> None:
    """Hold a page to axe and to its width at 1280 and 320 px; take pictures where asked to.

    Pictures go to the folder named by ASSESS_SCREENSHOTS, if there is one.
    """
    folder = os.environ.get("ASSESS_SCREENSHOTS")
    before = page.viewport_size
    # A click ends when the next document has come; it may hold nothing yet.
    page.wait_for_load_state("load")
    for width in WIDTHS:
        if page.viewport_size != (size := {"width": width, "height": 900}):
            page.set_viewport_size(size)  # type: ignore[arg-type]
        seen = page.evaluate(SEEN)
        wide, alike = seen["wide"], seen["alike"]
        assert wide <= width, f"{name} is {wide} px wide at {width} px"
        assert seen["stacked"] == [], f"{name}: a stacked table scrolls at {width} px"
        assert alike == [], f"{name}: links of one name lead to several places at {width} px"
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            page.screenshot(path=str(Path(folder) / f"{name}-{width}.png"), full_page=True)
    if not seen["axe"]:
        page.evaluate(AXE)
    violations = page.evaluate(RUN, RULES)
    assert violations == [], f"{name}: {violations}"
    if before is not None:
        page.set_viewport_size(before)
