// Sits a test in one page: the form is fetched once, every question is shown from memory, every
// answer goes to the journal of this device first and from there to the server.
//
// The page works by its buttons until the form is here, and without a script at all. The address
// names the question that is shown, so a reload comes back to it.

import { startClock } from "./clock.js";
import { listen } from "./early.js";
import { openJournal } from "./journal.js";
import { PATIENCE, late, passes, speaker, wait } from "./sender.js";
import { secondsOf, sit } from "./sitting.js";

const RETRY = 2000; // milliseconds between tries to fetch the form

const root = document.querySelector("[data-player]");
// A browser without it is too old for what follows: the page goes on working by its buttons.
if (root && "timeout" in AbortSignal) begin(root);

/** Starts the clock, fetches the form, and hands over to `sit`. */
async function begin(root) {
  const words = root.dataset;
  const sample = "sample" in words;
  const ask = speaker(root.querySelector('[name="csrf_token"]')?.value ?? "");
  const at = (name) => `${words.api}/${name}`;
  const hooks = {
    read: () => ask(at("time")).then(secondsOf, () => null),
    over: () => location.assign(words.over),
  };
  if (sample) Object.assign(hooks, { read: async () => null, over: () => {} });
  const clock = startClock(root.querySelector("[data-clock]"), {
    attempt: words.attempt ?? "",
    read: () => hooks.read(),
    over: () => hooks.over(),
  });
  const journal = sample ? null : openJournal(Number(words.attempt));
  const early = listen(root, journal);
  let form = null;
  let patience = PATIENCE;
  while (form === null) {
    try {
      form = await ask(sample ? words.sample : at("form"), undefined, patience);
    } catch (error) {
      if (late(error)) patience *= 2; // all questions take long on a slow line
      if (!passes(error)) return location.reload(); // the server's own page says why not
      if (error.code === "E-STATE") await hooks.read(); // a rest break may be over: asking ends it
      await wait(RETRY);
    }
  }
  await sit(root, { ask, at, clock, hooks, early, form, sample, journal: await journal });
}
