// Hears what is touched and pressed in the page of a test before the form is here.

import { wait } from "./sender.js";

const LOOK = 1000; // milliseconds in which this device must say whether it holds answers

/**
 * Answers that wait on this device are older than what a button of the page would send: it is
 * pressed anew when they can be sent before. Without a connection a button would lead to an error
 * page of the browser, and what was chosen be lost.
 */
export const listen = (root, journal) => {
  const options = [...root.querySelectorAll('[name="answer"]')];
  const early = {
    // On a slow line choosing begins before this script is there.
    touched: options.some(({ checked, defaultChecked }) => checked !== defaultChecked),
    begun: journal === null,
    pressed: () => {},
  };
  root.addEventListener("change", () => (early.touched = true), { once: true });
  root.addEventListener("submit", async (event) => {
    if (early.begun) return;
    event.preventDefault();
    const { target, submitter } = event;
    const press = () => target.requestSubmit(submitter);
    const held = journal.then((one) => one.waiting(null)).catch(() => []);
    const waits = await Promise.race([held, wait(LOOK).then(() => [])]);
    if (waits.length > 0 || !navigator.onLine) {
      for (const said of root.querySelectorAll("[data-player-said], [data-last-said]"))
        said.textContent = root.dataset.saving;
      if (early.begun) press();
      else early.pressed = press;
      return;
    }
    early.begun = true;
    press();
  });
  return early;
};
