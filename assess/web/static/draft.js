// Saves a draft while its author types, and shows it as candidates would see it: the server sends
// the same page as ever, of which a part is taken. Without it the form works by its buttons.

const QUIET = 1200; // milliseconds without a key before a save
const PATIENCE = 15000; // milliseconds for a reply
const WAITS = [2000, 4000, 8000, 15000]; // milliseconds between tries

const form = document.querySelector("[data-draft]");
if (form) {
  const words = form.dataset;
  const said = form.querySelector("[data-draft-said]");
  const refusal = document.querySelector("[data-draft-refusal]");
  const revision = form.elements.namedItem("revision");

  let timer = 0;
  let busy = false;
  let dirty = false; // something was typed that was not sent yet
  let stopped = false; // the server refused: an author has to decide
  let leaving = null; // the button that waits for a save to end
  let failures = 0;

  const say = (text, failed = false) => {
    said.classList.toggle("app-saved--failed", failed);
    if (said.textContent !== text) said.textContent = text;
  };

  const show = (page) => {
    const state = page.querySelector("[data-draft-state]");
    if (state === null) return false;
    const old = document.querySelector("[data-draft-state]");
    revision.value = state.dataset.revision;
    old.replaceWith(document.importNode(state, true));
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
      if (!dirty) say(words.saved);
    } else if (request.status === 0 || request.status >= 500 || request.status === 429) {
      later();
    } else {
      stopped = true;
      const why = request.response?.querySelector("[data-draft-refused]");
      if (why) refusal.replaceChildren(document.importNode(why, true));
      say(why ? "" : words.out, true);
    }
    if (leaving !== null) {
      const button = leaving;
      leaving = null;
      clearTimeout(timer);
      form.requestSubmit(button);
    } else if (dirty && !stopped && failures === 0) {
      save();
    }
  };

  function save() {
    clearTimeout(timer);
    if (busy || stopped) return;
    busy = true;
    dirty = false;
    say(words.saving);
    const fields = new URLSearchParams(new FormData(form));
    fields.set("go", "auto");
    // A request of this kind gives a document: nothing is ever written into the page as text.
    const request = new XMLHttpRequest();
    request.open("POST", form.action);
    request.responseType = "document";
    request.timeout = PATIENCE;
    request.addEventListener("loadend", () => ended(request));
    request.send(fields);
  }

  form.addEventListener("input", (event) => {
    if (event.target.name === "words") return; // they go with the submission
    dirty = true;
    clearTimeout(timer);
    timer = setTimeout(save, QUIET);
  });

  // A save that is on its way ends first: its revision is the one to go on from.
  form.addEventListener("submit", (event) => {
    clearTimeout(timer);
    if (busy) {
      event.preventDefault();
      leaving = event.submitter;
      return;
    }
    dirty = false;
    stopped = true;
  });

  addEventListener("beforeunload", (event) => {
    if (dirty && !stopped) event.preventDefault();
  });
  addEventListener("online", () => {
    if (dirty) save();
  });

  say(words.saved);
}
