// Says in time that a session ends by itself, and lets whoever is there stay logged in.
//
// The server alone knows when it ends: another tab may have used it meanwhile. To ask is no use of
// a session; the button is. When it has ended, what stands on the page is put out of sight for
// whoever comes next, unless something was typed that would be lost; when somebody else has logged
// in meanwhile, it is in any case. Whoever logs in again goes on where they were.

import { changed } from "./fields.js";

const TICK = 1000; // milliseconds between looks at the device's clock
const PATIENCE = 10000; // milliseconds for a reply
const AGAIN = 15000; // milliseconds until the server is asked anew, while a warning stands
const SITTING = 300; // seconds until then during a test, in which no session ends by itself

/** Whether something was typed or chosen on this page, before its scripts had come perhaps. */
const typed = () => [...document.forms].some((form) => [...form.elements].some(changed));

/** Watches the session of this page. `early`: seconds before its end from which on it is said. */
export const watchSession = (template, early) => {
  const words = template.dataset;
  const parts = document.importNode(template.content, true);
  const [soon, over] = parts.querySelectorAll("dialog");
  const [said, stay, back] = ["said", "stay", "back"].map((name) =>
    soon.querySelector(`[data-session-${name}]`),
  );
  document.body.append(soon, over);
  let due = 0; // when the server is asked next, by the device's clock
  let until = 0; // when the session ends, by the same
  let put = false; // whether this warning was put away, as it can be where nothing helps
  let ended = "out" in words; // the page itself says so then

  const write = () => {
    const minutes = Math.max(1, Math.ceil((until - Date.now()) / 60000));
    const time = minutes === 1 ? words.minute : words.minutes.replace("{count}", minutes);
    const text = (stay.hidden ? words.last : words.idle).replace("{time}", time);
    if (said.textContent !== text) said.textContent = text;
  };

  const hide = () => {
    put = false;
    if (soon.open) soon.close("known");
  };

  const warn = (left, canStay) => {
    until = Date.now() + left * 1000;
    stay.hidden = !canStay;
    back.hidden = canStay;
    write();
    if (put || soon.open) return;
    soon.returnValue = "";
    soon.showModal();
  };

  const told = ({ person, seconds_left: left, can_stay: canStay }) => {
    if (person !== Number(words.person)) {
      document.body.hidden = true; // at once, and nothing typed is to be kept for them
      return location.replace(words.logIn);
    }
    ended = false;
    if (over.open) over.close();
    if (left !== null && left <= early) {
      due = Date.now() + Math.min(AGAIN, (left + 1) * 1000);
      return warn(left, canStay);
    }
    due = Date.now() + (left === null ? SITTING : left - early) * 1000;
    return hide();
  };

  const end = () => {
    hide();
    ended = true;
    if (typed() || "sent" in words) return over.showModal();
    const here = encodeURIComponent(location.pathname + location.search);
    return location.replace(`${words.logIn}?next=${here}`);
  };

  /** The code of a refusal; "" for none. What something on the way says has no code of ours. */
  const speak = async (method, headers = {}) => {
    due = Date.now() + AGAIN;
    const signal = AbortSignal.timeout(PATIENCE);
    const all = { Accept: "application/json", ...headers };
    const answer = await fetch(words.api, { method, headers: all, cache: "no-store", signal });
    const reply = await answer.json();
    if (answer.ok) told(reply);
    return answer.ok ? "" : reply.code;
  };

  const ask = async () => {
    const code = await speak("GET").catch(() => undefined);
    if (code === "E-SIGNED-OUT" && !ended) end();
  };

  soon.addEventListener("close", async () => {
    if (soon.returnValue === "known") return;
    put = stay.hidden;
    if (put) return;
    const code = await speak("POST", { "X-CSRFToken": words.csrf }).catch(() => undefined);
    if (code !== "") ask();
  });
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") ask();
  });
  setInterval(() => {
    if (soon.open) write();
    if (!ended && Date.now() >= due) ask();
  }, TICK);
  ask();
};
