// Can the bank make what is asked for? The server says it while an author types, in the same panel
// that its button shows. Without this script the form works by its buttons.

import { changed } from "./fields.js";
import { exchange } from "./panels.js";

const QUIET = 500; // milliseconds without a key before the server is asked
const PATIENCE = 15000; // milliseconds for a reply

const form = document.querySelector("[data-specification]");
if (form) {
  let timer = 0;
  let request = null;

  const lost = document.querySelector("[data-specification-lost]");
  const show = (page) => {
    const state = page?.querySelector("[data-specification-state]");
    const old = document.querySelector("[data-specification-state]");
    lost.textContent = state ? "" : form.dataset.lost;
    lost.hidden = Boolean(state);
    if (!state || !old) return;
    const open = old.querySelector("details")?.open ?? false;
    const fresh = document.importNode(state, true);
    const details = fresh.querySelector("details");
    if (details) details.open = open;
    exchange(old, fresh);
    const said = document.querySelector("[data-specification-said]");
    const text = fresh.querySelector("[data-ready]")?.textContent ?? form.dataset.not;
    if (said.textContent !== text) said.textContent = text;
  };

  function ask() {
    const before = request;
    request = null; // its end is not heard any more
    before?.abort();
    const fields = new URLSearchParams(new FormData(form));
    fields.set("go", "live");
    // A request of this kind gives a document: nothing is ever written into the page as text.
    const asked = new XMLHttpRequest();
    request = asked;
    asked.open("POST", form.action);
    asked.responseType = "document";
    asked.timeout = PATIENCE;
    asked.addEventListener("loadend", () => {
      if (request === asked) show(asked.status === 200 ? asked.response : null);
    });
    asked.send(fields);
  }

  let going = false;
  const later = () => {
    going = false; // or its author has stopped the page that was to come
    clearTimeout(timer);
    timer = setTimeout(ask, QUIET);
  };
  form.addEventListener("input", later);
  form.addEventListener("change", later);
  if ([...form.elements].some(changed)) later();

  // A specification is kept nowhere until it is published, also where the page came back with it.
  form.addEventListener("submit", (event) => {
    if (!event.defaultPrevented) going = true;
  });
  addEventListener("pageshow", () => {
    going = false;
  });
  addEventListener("beforeunload", (event) => {
    const typed = "unpublished" in form.dataset || [...form.elements].some(changed);
    if (typed && !going && !document.body.hidden) event.preventDefault();
  });
}
