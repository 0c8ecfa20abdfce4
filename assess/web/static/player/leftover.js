// Sends what this device still holds of an attempt that it may not answer any more.
//
// A tab that was killed without a connection leaves answers behind. They arrive as evidence, from
// whichever page of the attempt is opened next; when the attempt is over, nothing stays here.

import { openJournal } from "./journal.js";
import { deliver, passes, speaker } from "./sender.js";

const AGAIN = 5000; // milliseconds between tries

const part = document.querySelector("[data-leftover]");
if (part) {
  const { api, csrf, attempt, over } = part.dataset;
  const ask = speaker(csrf);
  const addresses = { answers: `${api}/answers`, journal: `${api}/journal` };
  const journal = await openJournal(Number(attempt));

  const send = async () => {
    try {
      let late = 0;
      for (const one of await journal.before()) {
        const { outcomes } = await deliver(ask, addresses, one);
        await journal.done(one.entries);
        late += outcomes.filter(({ outcome }) => outcome.startsWith("evidence")).length;
      }
      if (over) await journal.clear();
      part.hidden = late === 0;
    } catch (error) {
      if (passes(error)) setTimeout(send, AGAIN); // else they wait here
    }
  };
  send();
}
