// Saves a draft while its author types, and shows it as candidates would see it: the server sends
// the same page as ever, of which a part is taken. Without it the form works by its buttons.

import { changed } from "./fields.js";
import { exchange } from "./panels.js";

const QUIET = 1200; // milliseconds without a key before a save
const PATIENCE = 15000; // milliseconds for a reply
const MOST = 60000; // the same after one that did not come: a line may be slow
const WAITS = [2000, 4000, 8000, 15000]; // milliseconds between tries

const form = document.querySelector("[data-draft]");
if (form) {
  const words = form.dataset;
  const said = form.querySelector("[data-draft-said]");
  const refusal = document.querySelector("[data-draft-refusal]");
  const revision = form.elements.namedItem("revision");
  const base = document.querySelector("[data-draft-base]");

  let timer = 0;
  let busy = false;
  let dirty = false; // something was typed that was not sent yet
  let stopped = false; // the server refused: an author has to decide
  let out = false; // logged out, until the page is there to be had again
  let leaving = null; // the button that waits for a save to end
  let sent = null; // what was sent last
  let unsure = null; // the same, where no reply came: it may be saved, and have made the next revision
  let failures = 0;
  let quiet = QUIET;

  const say = (text, failed = false) => {
    said.classList.toggle("app-saved--failed", failed);
    if (said.textContent !== text) said.textContent = text;
  };

  const show = (page) => {
    const state = page.querySelector("[data-draft-state]");
    if (state === null) return false;
    const old = document.querySelector("[data-draft-state]");
    revision.value = state.dataset.revision;
    base.value = revision.value;
    exchange(old, document.importNode(state, true));
    refusal.replaceChildren();
    return true;
  };

  const later = () => {
    say(words.offline, true);
    dirty = true;
    timer = setTimeout(save, WAITS[Math.min(failures, WAITS.length - 1)]);
    failures += 1;
  };

  const ended = (request) => {
    busy = false;
    if (request.status === 200 && request.response !== null && show(request.response)) {
      failures = 0;
      unsure = null;
      quiet = QUIET;
      if (!dirty) say(words.saved);
    } else if (request.status === 0 || request.status >= 500 || request.status === 429) {
      unsure = sent;
      leaving = null;
      later();
    } else {
      const why = request.response?.querySelector("[data-draft-refused]");
      if (why) {
        stopped = true;
        unsure = null;
        refusal.replaceChildren(document.importNode(why, true));
        say("", true);
      } else nobody();
    }
    if (leaving !== null) {
      const button = leaving;
      leaving = null;
      clearTimeout(timer);
      form.requestSubmit(button);
    } else if (dirty && !stopped && !out && failures === 0) {
      save();
    }
  };

  /** What was typed waits here for a log-in in another tab: no page is left for one that refuses. */
  const nobody = () => {
    out = true;
    dirty = true;
    leaving = null;
    say(words.out, true);
  };

  /** A request of this kind gives a document: nothing is ever written into the page as text. */
  const ask = (method, fields, then) => {
    const request = new XMLHttpRequest();
    request.open(method, form.action);
    request.responseType = "document";
    request.timeout = failures === 0 ? PATIENCE : MOST;
    request.addEventListener("loadend", () => then(request));
    request.send(fields);
  };

  /** What had no reply goes once more as it was, which is no second save; what was typed since follows. */
  const send = () => {
    const fields = new FormData(form);
    dirty = unsure !== null;
    sent = unsure ?? new URLSearchParams(fields);
    sent.set("csrf_token", fields.get("csrf_token"));
    sent.set("go", "auto");
    ask("POST", sent, ended);
  };

  const whose = (page) => page?.querySelector("[data-session]")?.dataset.person;

  /** Whoever has logged in again has another form token: the page as it comes now holds it. */
  const renewed = (request) => {
    const token = request.response?.querySelector("[data-draft] [name=csrf_token]");
    if (token && whose(request.response) === whose(document)) {
      out = false;
      for (const old of document.getElementsByName("csrf_token")) old.value = token.value;
      send();
    } else {
      busy = false;
      nobody();
    }
  };

  function save() {
    clearTimeout(timer);
    if (busy || stopped) return;
    busy = true;
    if (out) ask("GET", null, renewed);
    else {
      say(words.saving);
      send();
    }
  }

  const typed = () => {
    if (base.value === "") base.value = revision.value;
    dirty = true;
    clearTimeout(timer);
    timer = setTimeout(save, quiet);
  };

  // A browser that opens a closed page again asks for it anew and puts into it what was typed there
  // before. The revision this was typed on comes back beside it, and the server tells whether somebody
  // has written since. Of hidden fields, some browsers bring nothing back.
  const broughtBack = () => (revision.value = base.value);
  if (base.value !== "") broughtBack();
  base.addEventListener("input", broughtBack);

  const WORDS = "words"; // they go with the submission

  form.addEventListener("input", (event) => {
    if (event.target.name !== WORDS) typed();
  });

  // A save that is on its way ends first: its revision is the one to go on from.
  form.addEventListener("submit", (event) => {
    clearTimeout(timer);
    if (busy || out || unsure !== null) {
      event.preventDefault();
      leaving = event.submitter;
      save();
      return;
    }
    dirty = false;
    quiet = PATIENCE; // a save would come after the form; but its author may stop the page that it asks for
  });

  addEventListener("beforeunload", (event) => {
    if (dirty && !stopped && !document.body.hidden) event.preventDefault();
  });
  addEventListener("online", () => {
    if (dirty) save();
  });
  document.addEventListener("visibilitychange", () => {
    if (out && document.visibilityState === "visible") save();
  });

  say(words.saved);
  // On a slow line typing begins before this script is there. Who goes back finds in the fields what
  // was typed long ago: that waits for their hand.
  const [came] = performance.getEntriesByType("navigation");
  const fields = [...form.elements].filter((field) => field.name !== WORDS);
  if (came?.type === "navigate" && fields.some(changed)) typed();
}
