// Asks before a rest break begins, counts it down, and ends it by a button or by itself.
//
// The server alone says whether the clock of the test stands. Without a connection a break is over
// here when its time has passed, as it is there; to end it earlier the server has to hear of it.

const MOMENTS = [300, 60]; // seconds that are left of a break, said aloud when they are reached
const AGAIN = 2000; // milliseconds between tries to end a break without a connection

/**
 * The rest breaks of this attempt; null where there are none. `begin` and `end` tell the server and
 * give false when it could not be reached; `over` is called when a break has ended by itself. `fill` puts
 * values into a text.
 */
export const makeRest = (root, { fill, begin, end, over }) => {
  const panel = root.querySelector('[data-part="rest-panel"]');
  if (panel === null) return null;
  const words = panel.dataset;
  const part = (name) => root.querySelector(`[data-part="${name}"]`);
  const [asking, lasting] = [part("rest-ask"), part("rest-now")];
  const [opener, label, said, lost] = [
    root.querySelector("[data-rest]"),
    part("rest-left"),
    part("rest-said"),
    part("rest-lost"),
  ];
  let left = Number(words.left); // seconds: of this break while one lasts, else of those to come
  let until = 0; // on the page's running time
  let ticking = 0;
  let toSay = [];
  let busy = false; // a button that is switched off meanwhile would lose the focus

  const inWords = (seconds) => {
    const minutes = Math.floor(seconds / 60);
    if (minutes === 0) return fill(words.seconds, { count: seconds });
    return minutes === 1 ? words.minute : fill(words.minutes, { count: minutes });
  };

  const show = (which) => {
    asking.hidden = which !== asking;
    lasting.hidden = which !== lasting;
    panel.hidden = which === null;
    lost.hidden = true;
    part("rest").hidden = which !== null;
    opener.hidden = left === 0;
    label.textContent = left > 0 ? fill(words.some, { time: inWords(left) }) : words.none;
    if (which !== null) which.querySelector("[tabindex]").focus();
  };

  const tick = () => {
    const whole = Math.max(0, Math.ceil((until - performance.now()) / 1000));
    const shown = Math.max(0, whole - 1);
    const seconds = String(shown % 60).padStart(2, "0");
    part("rest-clock").textContent = `${Math.floor(shown / 60)}:${seconds}`;
    if (toSay.some((at) => whole <= at)) {
      said.textContent = fill(words.soon, { time: inWords(whole) });
      toSay = toSay.filter((at) => whole > at);
    }
    if (whole > 0) return;
    left = 0;
    stop();
    over();
  };

  const stop = () => {
    if (ticking === 0) return;
    clearInterval(ticking);
    ticking = 0;
    show(null);
  };

  const open = () => {
    part("rest-allows").textContent = fill(words.allows, { time: inWords(left) });
    part("rest-failed").hidden = true;
    show(asking);
  };

  const start = async () => {
    part("rest-failed").hidden = true;
    if (busy) return;
    busy = true;
    const heard = await begin();
    busy = false;
    if (!heard) part("rest-failed").hidden = false;
    else if (ticking === 0) show(null); // the server has said why not
  };

  const finish = async () => {
    if (ticking === 0 || busy) return;
    busy = true;
    const heard = await end();
    busy = false;
    if (heard || ticking === 0) return;
    lost.hidden = false;
    setTimeout(finish, AGAIN);
  };

  // The first button that sends a form is pressed by Enter in any of its fields.
  if (opener.form) opener.type = "button";
  opener.addEventListener("click", (event) => {
    event.preventDefault();
    open();
  });
  part("rest-begin").addEventListener("click", start);
  part("rest-not").addEventListener("click", () => {
    show(null);
    opener.focus();
  });
  part("rest-end").addEventListener("click", finish);

  return {
    /** What the server says: whether a break lasts, and how many seconds are left. */
    told(resting, seconds) {
      left = seconds;
      if (!resting) {
        stop();
        if (asking.hidden) show(null);
        return;
      }
      // A begun second counts as whole, so that it is over there when it is over here.
      until = performance.now() + (seconds + 1) * 1000;
      if (ticking !== 0) return;
      toSay = MOMENTS.filter((at) => at < seconds);
      said.textContent = "";
      ticking = setInterval(tick, 500);
      tick();
      show(lasting);
    },

    /** Nothing can be begun any more: the test is over, or another device has it. */
    shut() {
      left = 0;
      stop();
      show(null);
      part("rest").hidden = true;
    },
  };
};
