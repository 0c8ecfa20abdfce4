// Sends flags: one request at a time, the last word on a question last.

/** `send(place, flagged)` tells the server; `failed(error)` hears why that was not possible. */
export const makeFlags = ({ send, failed }) => {
  const waiting = new Map(); // by place
  let busy = false;

  const flush = async () => {
    if (busy) return;
    busy = true;
    try {
      while (waiting.size > 0) {
        const [[place, flagged]] = waiting;
        await send(place, flagged);
        if (waiting.get(place) === flagged) waiting.delete(place);
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
      flush();
    },
  };
};
