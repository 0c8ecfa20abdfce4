// Counts down the time of an attempt from the server's seconds.
//
// The device's own clock plays no part: what passes is measured by the page's running time. That
// may stand still while a device sleeps; whenever the device's clock has gone another way than the
// running time, or the page comes back into sight, the server is asked again.

const LAST = 300; // seconds that count as the last minutes
const LAGGING = 2; // seconds by which a moment may be noticed late and is still called by its name
const GIVEN = 45; // seconds more than here, from which on it is time that somebody has given
const AGED = 60; // seconds after which what was said of the time left stands here no more
const SLEPT = 3000; // milliseconds by which two clocks of one device may differ
// With the number of the attempt: whoever sits the next one at this device sees a clock.
const HIDDEN = "assess.clock.hidden.";

const remembered = (attempt) => {
  try {
    return sessionStorage.getItem(HIDDEN + attempt) === "yes";
  } catch {
    return false; // storage may be forbidden; then the choice holds for this page
  }
};

const remember = (attempt, hidden) => {
  try {
    sessionStorage.setItem(HIDDEN + attempt, hidden ? "yes" : "no");
  } catch {
    // As above.
  }
};

/**
 * Starts the clock of an attempt in this element. `read` asks the server for the seconds left, or gives null;
 * `over` is called once, when the server agrees that time is up.
 */
export const startClock = (clock, { attempt, read, over }) => {
  const words = clock.dataset;
  const part = (name) => clock.querySelector(`[data-clock-${name}]`);
  const [line, shown, said, button] = ["line", "time", "said", "hide"].map(part);
  const all = Number(words.all);
  let left = Number(words.left);
  let since = performance.now();
  let drift = Date.now() - since;
  let held = false;
  let ended = false;
  let saidAt = NaN; // seconds that were left when the words that stand here were said
  const room = clock.offsetHeight;
  part("plain").remove();
  shown.setAttribute("aria-hidden", "true");
  const spoken = document.createElement("span");
  spoken.className = "govuk-visually-hidden";
  shown.after(spoken);

  const now = () => Math.max(0, held ? left : left - (performance.now() - since) / 1000);
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
    if (whole > 0 && toSay.some((at) => whole <= at)) {
      said.textContent = inWords(whole + LAGGING);
      toSay = toSay.filter((at) => whole > at);
      saidAt = whole;
    } else if (saidAt - whole > AGED || whole > saidAt + LAGGING) {
      said.textContent = "";
      saidAt = NaN;
    }
  };

  const set = (seconds) => {
    const more = seconds - now();
    // Time that was given back is announced again as it passes.
    if (more > LAGGING) toSay = moments.filter((at) => at < seconds);
    left = seconds;
    since = performance.now();
    if (more <= GIVEN) return;
    said.textContent = `${words.given} ${inWords(seconds)}`;
    saidAt = Math.ceil(seconds);
  };

  const ask = async () => {
    const seconds = await read();
    if (seconds !== null) set(seconds);
  };

  const end = async () => {
    ended = true;
    await ask(); // the server alone knows whether time is up
    if (now() > 0) {
      ended = false;
      return;
    }
    saidAt = NaN;
    said.textContent = words.up;
    said.classList.remove("govuk-visually-hidden");
    over();
  };

  const tick = () => {
    const gone = Date.now() - performance.now();
    if (Math.abs(gone - drift) > SLEPT) {
      drift = gone;
      ask();
    }
    const seconds = now();
    show(seconds);
    if (seconds <= 0 && !ended && !held) end();
  };

  const hide = (hidden) => {
    line.hidden = hidden;
    // While the time is hidden, what is said aloud can also be read.
    said.classList.toggle("govuk-visually-hidden", !hidden);
    button.textContent = hidden ? words.show : words.hide;
    remember(attempt, hidden);
  };

  const back = async () => {
    if (document.visibilityState !== "visible" || ended) return;
    await ask();
    tick();
  };

  hide(remembered(attempt));
  button.hidden = false;
  button.addEventListener("click", () => hide(!line.hidden));
  document.addEventListener("visibilitychange", back);
  addEventListener("online", back);
  setInterval(tick, 500);
  tick();
  // The clock may be lower than the words it came with were high: what stands below stays where it
  // is, since somebody may be about to press it.
  const margin = parseFloat(getComputedStyle(clock).marginBottom);
  clock.style.marginBottom = `${margin + room - clock.offsetHeight}px`;

  return {
    /** Another view has come: what stands below may move up. */
    settle() {
      clock.style.marginBottom = "";
    },
    /** So many seconds are left, says the server. */
    set(seconds) {
      set(seconds);
      tick();
    },
    /** The clock stands, or goes on. */
    hold(still) {
      left = now();
      since = performance.now();
      held = still;
    },
  };
};
