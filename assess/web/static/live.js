// Keeps a page as the server says, by asking it every two seconds.
//
// The part that is alive names the address to ask. An answer holds texts by name and may hold the
// colours of tags, and may say in how many seconds the form of the part is to be sent, or where the
// page has moved. While nothing changes the server answers 304 and the page stays as it is. The
// device's clock plays no part: seconds count from the arrival of the answer.

const EVERY = 2000; // milliseconds between an answer and the next question
const SPREAD = 1000; // milliseconds over which the browsers of a room spread themselves
const PATIENCE = 10000; // milliseconds to wait for an answer
const MOST = 40000; // the same on a line that has shown how slow it is
const LATE = ["TimeoutError", "AbortError"]; // what browsers call an answer that took too long

// A browser without it is too old to ask: the page keeps its own buttons.
const able = "timeout" in AbortSignal;
const live = able ? document.querySelector("[data-live]") : null;
if (live) {
  const words = live.dataset;
  const said = live.querySelector("[data-live-said]");
  const form = live.querySelector("[data-live-begin]");
  for (const part of live.querySelectorAll("[data-live-hide]")) part.hidden = true;
  let tag = "";
  let reshaped = false; // whether more than texts has changed since the page was sent
  let over = false;
  let patience = PATIENCE;

  const say = (text) => {
    if (said && said.textContent !== text) said.textContent = text;
  };

  const part = (name) => live.querySelector(`[data-live-text="${CSS.escape(name)}"]`);

  const show = (texts, colours) => {
    for (const [name, text] of Object.entries(texts)) {
      const shown = part(name);
      if (shown && shown.textContent !== text) shown.textContent = text;
    }
    for (const [name, colour] of Object.entries(colours)) {
      const tag = part(name);
      if (tag) tag.className = `govuk-tag ${colour}`;
    }
  };

  const connected = () => say(reshaped ? words.liveReshaped : "");

  const take = (told) => {
    show(told.texts, told.colours ?? {});
    reshaped = told.shape !== words.liveShape;
    connected();
    if (told.moved) {
      over = true;
      location.assign(words.liveMoved ?? told.moved);
    } else if (form && told.begin_in !== null && told.begin_in !== undefined) {
      over = true;
      const wait = told.begin_in * 1000 + Math.random() * SPREAD;
      setTimeout(begin, wait);
    }
  };

  const reach = async (address, how) => {
    const signal = AbortSignal.timeout(patience);
    how.headers = { Accept: "application/json", ...how.headers };
    const answer = await fetch(address, { cache: "no-store", signal, ...how }).catch((error) => {
      if (LATE.includes(error.name)) patience = Math.min(2 * patience, MOST);
      throw error;
    });
    if ([401, 403, 404].includes(answer.status)) {
      over = true;
      location.reload(); // signed out, or no longer ours: the page itself says what
    }
    return answer;
  };

  // The form is sent from here: sent by the browser it would lead to an error page while there is no
  // connection or the server is busy, and nobody would ask again.
  const begin = async () => {
    over = false;
    tag = ""; // what was said is to be said again if this fails
    try {
      const body = new URLSearchParams(new FormData(form));
      const answer = await reach(form.action, { method: "POST", body, redirect: "manual" });
      if (answer.type === "opaqueredirect") {
        location.assign(words.liveBegun);
        return;
      }
    } catch {
      say(words.liveLost);
    }
    if (!over) setTimeout(ask, EVERY);
  };

  const ask = async () => {
    try {
      const answer = await reach(words.live, { headers: tag ? { "If-None-Match": tag } : {} });
      if (answer.ok) {
        tag = answer.headers.get("ETag") ?? "";
        take(await answer.json());
      } else if (answer.status === 304) connected();
      else if (!over) say(words.liveLost); // too much to do at the moment
    } catch {
      say(words.liveLost);
    }
    if (!over) setTimeout(ask, EVERY);
  };

  ask();
}
