// Starts what a page needs beside its own scripts: buttons that send once, days that are sent whole,
// and, where something on the page has a behaviour of the design system's (menus, error summaries,
// password fields), that.

const TWICE = 15000; // milliseconds within which a second press is the same press: a line may be slow
const SLOW = 60000; // where the answer takes its time, and says once what nobody can say again

// What stands here without a behaviour: a menu of two entries is never folded.
const PLAIN = ["govuk-button", "govuk-service-navigation", "govuk-skip-link"];
const named = PLAIN.map((name) => `[data-module="${name}"]`).join(", ");
const needed = `[data-module]:not(${named}), .govuk-service-navigation__item:nth-child(3)`;

// A session that ends by itself is watched from shortly before, or from when the page comes back into
// sight: only then does the page need to know more. By the device's clock, since no timer counts
// while the device sleeps; the server is asked in any case.
const session = document.querySelector("[data-session]");
if (session !== null) {
  const LOOK = 20000; // milliseconds between looks at the clock
  const left = Number(session.dataset.left);
  const early = Math.min(300, left / 2); // seconds before the end; a session may be set to be short
  const due = Date.now() + (left - early) * 1000;
  let watching = false;
  const watch = async () => {
    if (watching) return;
    watching = true;
    try {
      const { watchSession } = await import("./session.js");
      watchSession(session, early);
    } catch {
      watching = false; // no connection
    }
  };
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") watch();
  });
  setInterval(() => Date.now() >= due && watch(), LOOK);
}

let pressed = null; // the button by which a form is on its way
let ends = 0;
const sent = (button) => {
  pressed = button;
  clearTimeout(ends);
  if (button) ends = setTimeout(sent, "slow" in button.dataset ? SLOW : TWICE, null);
};
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-prevent-double-click]");
  if (button !== null && button === pressed) event.preventDefault();
});
addEventListener("pageshow", () => sent(null));

// Of a day or a moment of which a part is missing a browser sends nothing, and the server could not
// tell it from one that was left empty on purpose: the browser says what is missing instead.
document.addEventListener("submit", (event) => {
  const half = [...event.target.elements].find(
    (field) => field.validity?.badInput && (field.checkVisibility?.() ?? true),
  );
  if (half !== undefined) {
    event.preventDefault();
    half.reportValidity();
  }
  sent(event.defaultPrevented ? null : event.submitter);
});

if (document.querySelector(needed) !== null) {
  const { initAll } = await import("./vendor/govuk-frontend.min.js");
  // On a slow line somebody types already: neither errors nor what is done take the focus from them.
  const disableAutoFocus = document.activeElement !== document.body;
  initAll({ errorSummary: { disableAutoFocus }, notificationBanner: { disableAutoFocus } });
}
