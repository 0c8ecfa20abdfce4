// Sends what waits in the journal, in order, one request at a time, until the server has all of it.
//
// The server takes the same entry twice without harm, so whatever has no reply is sent again. Of
// two tabs, one sends at a time. Nothing is called saved before the server has said so.

export const PATIENCE = 10000; // milliseconds for a reply
const MOST = 40000; // the same on a line that has shown how slow it is
const LATE = ["TimeoutError", "AbortError"]; // what browsers call a reply that took too long
const WAITS = [1000, 2000, 4000, 8000, 15000]; // milliseconds between tries
const BATCH = 200; // entries in one request
const TURN = 12000; // milliseconds to wait while another tab sends

/** The server said no: `code` and `reasons` as in problem+json. */
export class Refusal extends Error {
  constructor(status, problem) {
    super(problem.code ?? String(status));
    this.status = status;
    this.code = problem.code ?? "";
    this.reasons = problem.reasons ?? [];
  }

  /**
   * Whether the same request may do better later: the server is busy, or the test is paused. A
   * refusal without a code is none of ours: something on the way has said it.
   */
  get passes() {
    return this.status >= 500 || this.status === 429 || ["E-STATE", ""].includes(this.code);
  }
}

/** Whether what failed may do better later: there was no connection, or the refusal passes. */
export const passes = (error) => !(error instanceof Refusal) || error.passes;

/** Done after so many milliseconds. */
export const wait = (time) => new Promise((done) => setTimeout(done, time));

/** Whether a reply took too long. */
export const late = (error) => LATE.includes(error.name);

/**
 * A function that asks the server: (address) reads, (address, body) does; how long it waits. That
 * is longer after each reply that took too long, and shorter again when replies come soon.
 */
export const speaker = (csrf) => {
  let usual = PATIENCE;
  return async (address, body, patience = usual) => {
    const headers = { Accept: "application/json" };
    const how = { headers, cache: "no-store", signal: AbortSignal.timeout(patience) };
    if (body !== undefined) {
      how.method = "POST";
      headers["Content-Type"] = "application/json";
      headers["X-CSRFToken"] = csrf;
      how.body = JSON.stringify(body);
    }
    const asked = performance.now();
    try {
      const answer = await fetch(address, how);
      if (performance.now() - asked < usual / 2) usual = Math.max(usual / 2, PATIENCE);
      if (answer.ok) return await answer.json();
      throw new Refusal(answer.status, await answer.json().catch(() => ({})));
    } catch (error) {
      if (late(error)) usual = Math.min(2 * usual, MOST);
      throw error;
    }
  };
};

const bare = ({ place, sequence, answer }) => ({ place, sequence, answer });

const TO_EVIDENCE = ["W-TAKEOVER", "E-WRITER", "E-CLOSED"];

/** Hands in entries of one writer; gives what became of each: {place, sequence, outcome}. */
export const deliver = async (ask, addresses, { writer, token, entries }) => {
  if (entries.length === 1) {
    try {
      const reply = await ask(addresses.answers, { token, writer, ...bare(entries[0]) });
      return { outcomes: [{ outcome: "saved" }], left: reply.seconds_left };
    } catch (error) {
      if (error.code === "E-SAVE-CONFLICT") return { outcomes: [{ outcome: "conflict" }] };
      if (error.code === "E-LATE") return { outcomes: [{ outcome: "evidence-late" }] };
      if (!TO_EVIDENCE.includes(error.code)) throw error;
      // This device may not write any more: its journal is taken as evidence, an answer is not.
    }
  }
  return ask(addresses.journal, { token, writer, entries: entries.map(bare) });
};

/**
 * A sender. `tell(state, detail)` hears "saving", "saved", "offline" (a Refusal that passes, or
 * nothing), "stopped" (a Refusal that does not pass) and "outcome" (an entry with its outcome).
 */
export const makeSender = ({ journal, name, hand, tell }) => {
  let busy = null;
  let again = false;
  let failures = 0;
  let timer = 0;
  let stopped = false;

  const turn = async (work) => {
    if (navigator.locks === undefined) return work();
    let begun = false;
    const begin = () => {
      begun = true;
      return work();
    };
    try {
      return await navigator.locks.request(name, { signal: AbortSignal.timeout(TURN) }, begin);
    } catch (error) {
      if (begun) throw error;
      return begin(); // a tab that was put to sleep keeps its turn; two that send do no harm
    }
  };

  const flush = async () => {
    for (;;) {
      const entries = (await journal.waiting()).slice(0, BATCH);
      if (entries.length === 0) return;
      if (failures === 0) tell("saving");
      const { outcomes, left } = await hand(entries);
      failures = 0;
      await journal.done(entries);
      entries.forEach((entry, at) => tell("outcome", { ...entry, ...outcomes[at], left }));
    }
  };

  const later = (error) => {
    timer = setTimeout(send, WAITS[Math.min(failures, WAITS.length - 1)]);
    failures += 1;
    tell("offline", error);
  };

  const once = async () => {
    clearTimeout(timer);
    again = false;
    try {
      await turn(flush);
      failures = 0;
      tell("saved");
    } catch (error) {
      if (passes(error)) later(error);
      else {
        stopped = true;
        tell("stopped", error);
      }
    }
  };

  /** Sends what waits; done when this try has come to its end. */
  const send = () => {
    if (stopped) return Promise.resolve();
    if (busy === null) {
      busy = once().finally(() => {
        busy = null;
        if (again && failures === 0) send();
      });
    } else again = true;
    return busy;
  };

  const stop = () => {
    stopped = true;
    clearTimeout(timer);
  };

  return { send, stop };
};
