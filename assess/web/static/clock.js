// Counts down the time of an attempt from the server's seconds.
//
// The device's own clock plays no part: what passes is measured by the page's running time, and
// asked of the server again whenever the page comes back into sight, because running time may
// stand still while a device sleeps.

const SETTLE = 3000; // milliseconds for the last answer to leave before the result is asked for
const LAST = 300; // seconds that count as the last minutes
const LAGGING = 2; // seconds by which a moment may be noticed late and is still called by its name
const HIDDEN = "assess.clock.hidden";

const clock = document.querySelector("[data-clock]");
if (clock) {
  const words = clock.dataset;
  const part = (name) => clock.querySelector(`[data-clock-${name}]`);
  const [line, shown, said, button] = ["line", "time", "said", "hide"].map(part);
  const all = Number(words.all);
  let left = Number(words.left);
  let since = performance.now();
  let over = false;
  part("plain").remove();
  shown.setAttribute("aria-hidden", "true");
  const spoken = document.createElement("span");
  spoken.className = "govuk-visually-hidden";
  shown.after(spoken);

  const now = () => Math.max(0, left - (performance.now() - since) / 1000);
  const inWords = (seconds) => {
    if (seconds < 60) return `${seconds} ${words.seconds}`;
    const minutes = Math.floor(seconds / 60);
    return minutes === 1 ? words.minute : `${minutes} ${words.minutes}`;
  };

  // Said aloud, once each, when it is reached while the page is open.
  const moments = [Math.floor(all / 2), 600, 300, 60].filter((at) => at < all);
  let toSay = moments.filter((at) => at < left);

  const show = (seconds) => {
    const whole = Math.ceil(seconds);
    const two = (number) => String(number).padStart(2, "0");
    shown.textContent = `${Math.floor(whole / 60)}:${two(whole % 60)}`;
    const text = inWords(whole < 60 ? Math.ceil(whole / 10) * 10 : whole);
    if (spoken.textContent !== text) spoken.textContent = text;
    clock.classList.toggle("app-clock--last", whole <= LAST);
    const reached = toSay.filter((at) => whole <= at);
    if (reached.length > 0) {
      said.textContent = inWords(whole + LAGGING);
      toSay = toSay.filter((at) => whole > at);
    }
  };

  const hide = (hidden) => {
    line.hidden = hidden;
    // While the time is hidden, what is said aloud can also be read.
    said.classList.toggle("govuk-visually-hidden", !hidden);
    button.textContent = hidden ? words.show : words.hide;
    try {
      sessionStorage.setItem(HIDDEN, hidden ? "yes" : "no");
    } catch {
      // Storage may be forbidden; then the choice holds for this page.
    }
  };

  const read = async () => {
    try {
      const answer = await fetch(words.time, { headers: { Accept: "application/json" } });
      if (!answer.ok) return;
      const told = await answer.json();
      left = told.seconds_left;
      since = performance.now();
    } catch {
      // No connection: what has passed on this page still counts.
    }
  };

  const end = async () => {
    over = true;
    await read(); // the server alone knows whether time is up
    if (now() > 0) {
      over = false;
      return;
    }
    said.textContent = words.up;
    said.classList.remove("govuk-visually-hidden");
    document.dispatchEvent(new CustomEvent("assess:time-up"));
    setTimeout(() => location.assign(words.over), SETTLE);
  };

  const tick = () => {
    const seconds = now();
    show(seconds);
    if (seconds <= 0 && !over) end();
  };

  let hidden = false;
  try {
    hidden = sessionStorage.getItem(HIDDEN) === "yes";
  } catch {
    // As above.
  }
  hide(hidden);
  button.hidden = false;
  button.addEventListener("click", () => hide(!line.hidden));
  const back = async () => {
    if (document.visibilityState !== "visible" || over) return;
    await read();
    tick();
  };
  document.addEventListener("visibilitychange", back);
  addEventListener("pageshow", (event) => event.persisted && back());
  addEventListener("online", back);
  setInterval(tick, 500);
  tick();
}
