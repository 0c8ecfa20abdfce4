// Sends flags: one request at a time, the last word on a question last.

/**
 * `send(place, flagged)` tells the server; `failed(error)` hears why that was not possible.
 * `keep(place, flagged, waits)` writes down on the device what waits, and what does no more.
 */
export const makeFlags = ({ send, failed, keep }) => {
  const waiting = new Map(); // by place
  let busy = false;

  const flush = async () => {
    if (busy) return;
    busy = true;
    try {
      while (waiting.size > 0) {
        const [[place, flagged]] = waiting;
        await send(place, flagged);
        if (waiting.get(place) !== flagged) continue;
        waiting.delete(place);
        keep(place, flagged, false);
      }
    } catch (error) {
      failed(error);
    } finally {
      busy = false;
    }
  };

  return {
    /** Sends what waits: after a failure, when there is a connection again. */
    flush,

    put(place, flagged) {
      waiting.set(place, flagged);
      keep(place, flagged, true);
      flush();
    },
  };
};
