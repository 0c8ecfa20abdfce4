// Hands in: when all answers have arrived, and again while there is no connection.

import { passes } from "./sender.js";

const RETRY = 2000; // milliseconds between tries

/**
 * `arrived` says whether the server has all answers, `send` sends what waits, `ask` hands in;
 * `done(address)` leads on, `refused(error)` hears why not.
 */
export const makeHandIn = ({ view, now, status, missing, arrived, send, ask, done, refused }) => {
  let asking = false; // one hand-in is enough: a second would be refused, and on record

  const stop = () => {
    now.handing = false;
    view.handing(false);
  };

  /** Tries, if somebody is handing in: the sender comes here when answers have left. */
  const again = async () => {
    if (!now.handing || now.leaving || asking) return;
    asking = true;
    try {
      if (!(await arrived()) || !now.handing) return;
      view.handing(true, now.lost); // what has left cannot be called off
      const { result } = await ask();
      await done(result);
    } catch (error) {
      if (!passes(error)) {
        stop();
        refused(error);
        return;
      }
      view.handing(true);
      missing();
      setTimeout(again, RETRY);
    } finally {
      asking = false;
    }
  };

  return {
    again,

    async begin() {
      if (now.handing || now.ended) return;
      now.handing = true;
      view.handing(true, false);
      status();
      if (!(await arrived())) {
        view.handing(now.handing);
        await send();
      }
      again();
    },

    /** Goes on with the test. */
    notYet() {
      stop();
      view.review.querySelector('[data-part="hand-in-button"]').focus();
      status();
    },
  };
};
