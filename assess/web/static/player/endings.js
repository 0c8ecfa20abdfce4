// How a test ends on this device: it is over, another device goes on with it, or nobody is logged in.

import { passes, wait } from "./sender.js";

const SETTLE = 3000; // milliseconds for the last answers to leave before the result is asked for
const AGAIN = 4000; // milliseconds between tries to hand over what was not sent

/**
 * `unsent` gives what the server is not known to have, `send` sends it, `handOver` hands it in for
 * another writer; `reach` asks the server how the attempt stands. `halt` stops the sender, `shut`
 * takes away what can be answered and begun.
 */
export const makeEndings = (parts) => {
  const { words, view, sheet, offers, now, journal, channel, status, missing } = parts;
  const { unsent, send, handOver, reach, halt, shut } = parts;
  const gone = new Map(); // by place: what was kept as evidence from this device

  const stop = (why) => {
    if (now.ended === "taken" || now.ended === "out") return false;
    now.ended = why;
    now.handing = false;
    halt();
    shut();
    offers.show();
    view.say("");
    return true;
  };

  const sentences = (error) => error.reasons.map(({ what, do: then }) => `${what} ${then}`);

  /**
   * Nobody is known to sit here any more, and somebody else may come: the server's own page takes
   * the place of the test, unless answers are in this page alone. They are to be read, and no more.
   * Where what is sent is refused and reading is not, the page would only come back as it is.
   */
  const signedOut = async (error) => {
    if (!stop("out")) return;
    const reads = ({ writer_is_me: mine }) => mine;
    const reading = error.code === "E-CSRF" && (await reach().then(reads, () => false));
    const waiting = await unsent(); // what is being written down is on the disk then
    if (journal.loose === 0 && !reading) {
      now.leaving = true;
      location.replace(sheet.address(sheet.here));
      return;
    }
    if (!reading) view.cover("resting");
    const back = `${words.logIn}?next=${encodeURIComponent(location.pathname)}`;
    view.notice("signed-out", [
      ...view.lines([...sentences(error), words.unsent, ...sheet.listed(waiting)]),
      view.link(words.logInText, back),
    ]);
  };

  /** What this device has not sent becomes evidence; it says which answers these are. */
  const handOverRest = async () => {
    const entries = await unsent();
    if (entries.length > 0) view.evidence([words.unsent, ...sheet.listed(entries)]);
    try {
      if (entries.length > 0) await handOver(entries);
    } catch (error) {
      if (passes(error)) setTimeout(handOverRest, AGAIN);
      return;
    }
    for (const entry of entries) gone.set(entry.place, entry);
    if (gone.size > 0) view.evidence([words.kept, ...sheet.listed([...gone.values()])]);
  };

  /** Another device goes on; `entry` is one of here that the server has kept as evidence. */
  const taken = (entry) => {
    if (entry !== undefined) gone.set(entry.place, entry);
    if (!stop("taken")) return;
    view.notice("taken");
    handOverRest();
  };

  /** The attempt is over: late answers leave before the page does, which asks for the result. */
  const finish = async () => {
    if (now.leaving || now.ended === "taken" || now.ended === "out") return undefined;
    now.ended = "time";
    view.shut();
    if ((await unsent()).length > 0) {
      // Without a connection they wait here for it.
      await send();
      if ((await unsent()).length > 0) return status();
    }
    // Without a connection the result would be an error page of the browser: it is waited for here.
    const reached = await reach().then(
      () => true,
      (error) => !passes(error),
    );
    return reached ? over(words.over) : missing();
  };

  /** Nothing of this writer stays on the device, and the page goes to this address. */
  const over = async (address) => {
    if (now.leaving) return;
    now.leaving = true;
    await journal.clear(false).catch(() => {}); // of a writer before: the next page sends it
    channel.postMessage({ kind: "closed" });
    location.assign(address);
  };

  /** The time is up: what was answered last may still leave. */
  const timeUp = async () => {
    if (now.ended) return;
    now.ended = "time";
    now.settling = true;
    shut();
    await send();
    await wait(SETTLE);
    now.settling = false;
    finish();
  };

  /** What a refusal means that does not pass. */
  const refused = (error) => {
    if (error.code === "W-TAKEOVER") taken();
    else if (["E-CLOSED", "E-LATE", "E-NOT-FOUND"].includes(error.code)) finish();
    else if (error.status === 403) signedOut(error);
    else view.notice("refused", view.lines(sentences(error)));
  };

  return { finish, over, refused, taken, timeUp };
};
