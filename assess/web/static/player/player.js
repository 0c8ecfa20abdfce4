// Sits a test in one page: the form is fetched once, every question is shown from memory, every
// answer goes to the journal of this device first and from there to the server.
//
// The page works by its buttons until the form is here, and without a script at all. The address
// names the question that is shown, so a reload comes back to it.

import { startClock } from "./clock.js";
import { openJournal } from "./journal.js";
import { makeRest } from "./rest.js";
import { PATIENCE, Refusal, deliver, makeSender, speaker } from "./sender.js";
import { fill, makeView } from "./view.js";

const POLL = 30000; // milliseconds without a word of the server until it is asked
const POLL_PAUSED = 4000; // the same, while the test is paused or there is no connection
const SETTLE = 3000; // milliseconds for the last answers to leave before the result is asked for
const RETRY = 2000; // milliseconds between tries to fetch the form or to hand in
const LOOK = 1000; // milliseconds in which this device must say whether it holds answers
const OVER = ["closed", "marked", "void"];
const RADIOS = ["single_choice", "true_false"];

const same = (one, other) => one.length === other.length && one.every((x, at) => x === other[at]);
const wait = (time) => new Promise((done) => setTimeout(done, time));
const secondsOf = (told) => (told.state === "paused" ? null : told.seconds_left);
const passes = (error) => !(error instanceof Refusal) || error.passes;

const root = document.querySelector("[data-player]");
if (root) begin(root);

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
      if (error.name === "TimeoutError") patience *= 2; // all questions take long on a slow line
      if (!passes(error)) return location.reload(); // the server's own page says why not
      if (error.code === "E-STATE") await hooks.read(); // a rest break may be over: asking ends it
      await wait(RETRY);
    }
  }
  await sit(root, { ask, at, clock, hooks, early, form, sample, journal: await journal });
}

/**
 * What is done in the page before the form is here. Answers that wait on this device are older than
 * what a button of the page would send: it is pressed anew when they can be sent before. Without a
 * connection a button would lead to an error page of the browser, and what was chosen be lost.
 */
function listen(root, journal) {
  const early = { touched: false, begun: journal === null, pressed: () => {} };
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
}

async function sit(root, { ask, at, clock, hooks, early, form, sample, journal }) {
  const words = root.dataset;
  const attempt = Number(words.attempt ?? 0);
  const of = form.questions.length;
  const view = makeView(root);
  const channel = sample ? null : new BroadcastChannel(`assess-attempt-${attempt}`);
  const answers = new Map(); // by place: shown positions
  const flags = new Set(form.flags);
  const offers = new Map(); // by place: what a device before did not send in time
  const flagsToSend = new Map();
  let flagging = false; // whether one is on its way: the last word on a question has to come last
  let sender = null;
  let here = 0; // the place that is shown; 0 for the last look
  let adding = 0; // answers on their way into the journal
  let lost = false; // whether the last try found no connection
  let handing = false;
  let asking = false; // whether a hand-in is on its way
  let held = ""; // why the clock stands and no question is seen: "paused" or "resting"
  let ended = ""; // why nothing more is answered here: "time", "taken" or "out"
  let settling = false; // time is up, and the last answers may still leave
  const gone = new Map(); // by place: what was kept as evidence from this device
  let leaving = false;
  let looking = 0; // the timer of the next look for offers, after one that failed
  let announced = ""; // the places of the offers that are named above the question
  let heard = performance.now(); // when the server last said something
  let ticket = 0; // of what is said; an older one says nothing

  for (const question of form.questions) {
    question.control ??= RADIOS.includes(question.kind) ? "radios" : "checkboxes";
  }
  for (const [place, { answer }] of Object.entries(form.answers)) answers.set(Number(place), answer);

  // ---- what is said

  const unsent = async () => (sample ? [] : journal.waiting());

  const status = async () => {
    if (sample) return view.say(words.loose);
    const mine = (ticket += 1);
    const waiting = (await unsent()).length + adding;
    if (mine !== ticket) return undefined;
    view.status({ waiting, adding, lost, handing, ended, kept: journal.kept });
    return undefined;
  };

  const missing = () => {
    lost = true;
    status();
  };

  const square = (place) =>
    view.square(place, {
      answered: (answers.get(place) ?? []).length > 0,
      flagged: flags.has(place),
      current: place === here,
      offered: offers.has(place),
    });

  const inWords = (place, answer) => {
    const { options } = form.questions[place - 1];
    return answer.map((position) => options[position]).join("; ") || words.noAnswer;
  };

  const listed = (entries) =>
    entries.map(
      ({ place, answer }) =>
        `${fill(words.number, { number: place })}: ${inWords(place, answer)}`,
    );

  // ---- what is shown

  const draw = () => {
    for (let place = 1; place <= of; place += 1) square(place);
    if (here === 0) {
      const places = form.questions.map((question) => question.place);
      const open = places.filter((place) => (answers.get(place) ?? []).length === 0);
      view.lastLook(
        open,
        places.filter((place) => flags.has(place)),
      );
      announce();
      return;
    }
    view.question(form.questions[here - 1], of, {
      chosen: answers.get(here) ?? [],
      flagged: flags.has(here),
    });
    offer();
  };

  /** Which other questions have an answer of a device before waiting for them, when that changes. */
  const announce = () => {
    const places = ended ? [] : [...offers.keys()].filter((place) => place !== here);
    if (places.join() === announced) return;
    announced = places.join();
    view.notice("offers", null);
    if (places.length > 0) view.notice("offers", view.places(words.offers, places));
  };

  const offer = () => {
    announce();
    const one = offers.get(here);
    if (one === undefined || ended) return view.offer(null);
    const done = () => {
      offers.delete(here);
      view.offer(null);
      square(here);
    };
    view.offer({
      text: inWords(here, one.answer),
      take: () => {
        done();
        answers.set(here, one.answer);
        draw();
        keep(here, one.answer);
        view.toAnswer();
      },
      leave: () => {
        done();
        remember(one);
        view.toAnswer();
      },
    });
  };

  const address = (place) =>
    place === 0 ? words.review : words.question.replace(/0$/, String(place));

  const go = (place, push = true) => {
    // What stands in the page of a conflict is what was sent: whoever goes on saves it.
    if (here > 0 && !ended && root.querySelector("[data-conflict]") !== null) changed();
    here = place;
    if (push) history.pushState({ place }, "", address(place));
    draw();
    view.toTop();
    if (!lost && !handing && adding === 0) view.say(words.loose);
    else status();
  };

  const placed = () => {
    const found = /\/questions\/(\d+)$/.exec(location.pathname);
    return found === null ? 0 : Math.min(Math.max(Number(found[1]), 1), of);
  };

  // ---- answers

  const keep = async (place, answer) => {
    square(place);
    if (sample) return;
    adding += 1;
    ticket += 1; // what was said of the answers before is not true of this one
    view.say(words.saving);
    try {
      await journal.add(place, answer);
    } finally {
      adding -= 1;
    }
    channel.postMessage({ kind: "answer", writer: form.writer, place, answer });
    status();
    sender.send();
  };

  const changed = () => {
    const answer = view.chosen();
    answers.set(here, answer);
    keep(here, answer);
  };

  const flag = (flagged) => {
    if (flagged) flags.add(here);
    else flags.delete(here);
    view.flag(flagged);
    square(here);
    view.speakPlace(here);
    if (sample) return;
    flagsToSend.set(here, flagged);
    channel.postMessage({ kind: "flag", writer: form.writer, place: here, flagged });
    sendFlags();
  };

  const sendFlags = async () => {
    if (flagging) return;
    flagging = true;
    try {
      while (flagsToSend.size > 0) {
        const [[place, flagged]] = flagsToSend;
        await ask(at("flags"), { place, flagged });
        if (flagsToSend.get(place) === flagged) flagsToSend.delete(place);
      }
    } catch (error) {
      if (error.code === "E-STATE") hooks.read();
      else if (passes(error)) missing();
      else refused(error);
    } finally {
      flagging = false;
    }
  };

  // ---- what the server says

  hooks.read = async () => {
    if (sample) return null;
    try {
      const told = await ask(at("time"));
      heard = performance.now();
      take(told);
      return secondsOf(told);
    } catch (error) {
      if (passes(error)) missing();
      else refused(error);
      return null; // what has passed on this page still counts
    }
  };

  hooks.over = async () => {
    if (sample || ended) return;
    ended = "time";
    settling = true;
    rest?.shut();
    view.shut();
    await sender.send();
    await wait(SETTLE);
    settling = false;
    finish();
  };

  const take = ({ seconds_left: left, state, writer_is_me: mine, resting, rest_left: rests }) => {
    if (OVER.includes(state)) return finish();
    if (mine === false) return taken();
    rest?.told(resting, rests);
    hold(state !== "paused" ? "" : resting ? "resting" : "paused");
    if (held !== "paused") clock.set(left);
    if (lost) {
      lost = false;
      status();
      sender.send();
    }
    return undefined;
  };

  const hold = (why) => {
    if (held === why) return;
    const rested = held === "resting";
    held = why;
    clock.hold(why !== "");
    view.cover(why);
    view.notice("paused", why === "paused" ? undefined : null);
    if (why !== "") return;
    if (rested) view.toTop();
    else view.speak(words.goesOn);
    sender.send();
  };

  /** Begins a rest break, or ends one; false when the server could not be reached. */
  const turn = async (what) => {
    try {
      take(await ask(at(what), {}));
      heard = performance.now();
      channel.postMessage({ kind: "rest" });
    } catch (error) {
      if (passes(error)) {
        missing();
        return false;
      }
      refused(error);
    }
    return true;
  };

  const rest = makeRest(root, {
    fill,
    begin: async () => {
      // What was answered before has to be on record first: during the break nothing is taken.
      await sender.send();
      return (await unsent()).length + adding === 0 && turn("rest");
    },
    end: () => turn("rest/end"),
    over: () => {
      hold("");
      hooks.read();
    },
  });

  const refused = (error) => {
    if (error.code === "W-TAKEOVER") taken();
    else if (["E-CLOSED", "E-LATE", "E-NOT-FOUND"].includes(error.code)) finish();
    else if (error.status === 403) signedOut(error);
    else view.notice("refused", view.lines(error.reasons.map((r) => `${r.what} ${r.do}`)));
  };

  /**
   * Nobody is known to sit here any more, and somebody else may come: the server's own page takes
   * the place of the test, unless answers are in this page alone. They are to be read, and no more.
   * Where what is sent is refused and reading is not, the page would only come back as it is.
   */
  const signedOut = async (error) => {
    if (!stop("out")) return;
    const reads = ({ writer_is_me: mine }) => mine;
    const reading = error.code === "E-CSRF" && (await ask(at("time")).then(reads, () => false));
    const waiting = await unsent(); // what is being written down is on the disk then
    if (journal.loose === 0 && !reading) {
      leaving = true;
      location.replace(address(here));
      return;
    }
    if (!reading) view.cover("resting");
    const back = `${words.logIn}?next=${encodeURIComponent(location.pathname)}`;
    const said = error.reasons.map((reason) => `${reason.what} ${reason.do}`);
    view.notice("signed-out", [
      ...view.lines([...said, words.unsent, ...listed(waiting)]),
      view.link(words.logInText, back),
    ]);
  };

  const stop = (why) => {
    if (ended === "taken" || ended === "out") return false;
    ended = why;
    handing = false;
    sender.stop();
    rest?.shut();
    view.shut();
    offer();
    view.say("");
    return true;
  };

  const taken = () => {
    if (!stop("taken")) return;
    view.notice("taken");
    handOverRest();
  };

  /** What this device has not sent becomes evidence; it says which answers these are. */
  const handOverRest = async () => {
    const entries = await unsent();
    if (entries.length > 0) view.evidence([words.unsent, ...listed(entries)]);
    try {
      if (entries.length > 0) await handOver({ ...form, entries });
    } catch (error) {
      if (passes(error)) setTimeout(handOverRest, POLL_PAUSED);
      return;
    }
    for (const entry of entries) gone.set(entry.place, entry);
    if (gone.size > 0) view.evidence([words.kept, ...listed([...gone.values()])]);
  };

  const finish = async () => {
    if (leaving || ended === "taken" || ended === "out") return;
    ended = "time";
    view.shut();
    if ((await unsent()).length > 0) {
      // Late answers leave before the page does; without a connection they wait here for it.
      await sender.send();
      if ((await unsent()).length > 0) return status();
    }
    // Without a connection the result would be an error page of the browser: it is waited for here.
    const reached = await ask(at("time")).then(
      () => true,
      (error) => !passes(error),
    );
    if (!reached) return missing();
    await over(words.over);
    return undefined;
  };

  const over = async (address) => {
    if (leaving) return;
    leaving = true;
    await journal.clear(false).catch(() => {}); // of a writer before: the next page sends it
    channel.postMessage({ kind: "closed" });
    location.assign(address);
  };

  // ---- answers of devices before

  const addresses = { answers: at("answers"), journal: at("journal") };

  const handOver = async (one) => {
    const { outcomes } = await deliver(ask, addresses, one);
    await journal.done(one.entries);
    return outcomes;
  };

  const left = (one) => `assess.left.${attempt}.${one.place}.${one.answer.join("-")}`;
  const remember = (one) => {
    try {
      sessionStorage.setItem(left(one), "yes");
    } catch {
      // It is offered again after a reload.
    }
  };
  const forgotten = (one) => {
    try {
      return sessionStorage.getItem(left(one)) === null;
    } catch {
      return true;
    }
  };

  const lookForOffers = async () => {
    if (form.writer === 1) return;
    try {
      for (const one of await journal.before()) await handOver(one);
      const found = await ask(at("offers"));
      for (const one of found.offers) if (forgotten(one)) offers.set(one.place, one);
    } catch (error) {
      clearTimeout(looking);
      if (passes(error) && !ended) looking = setTimeout(lookForOffers, POLL_PAUSED);
      return;
    }
    for (const place of offers.keys()) square(place);
    offer();
    if (offers.has(here) && !ended) view.speakOffer();
  };

  // ---- handing in

  const handIn = async () => {
    if (handing || ended) return;
    handing = true;
    view.handing(true);
    status();
    await sender.send();
    tryHandIn();
  };

  const tryHandIn = async () => {
    if (!handing || leaving || asking) return;
    asking = true; // one hand-in is enough: a second would be refused, and on record
    try {
      if ((await unsent()).length + adding > 0) return; // the sender comes back when they have left
      const done = await ask(at("hand-in"), { token: form.token, writer: form.writer });
      await over(done.result);
    } catch (error) {
      if (!passes(error)) {
        handing = false;
        view.handing(false);
        refused(error);
        return;
      }
      missing();
      setTimeout(tryHandIn, RETRY);
    } finally {
      asking = false;
    }
  };

  const notYet = () => {
    handing = false;
    view.handing(false);
    view.review.querySelector('[data-part="hand-in-button"]').focus();
    status();
  };

  // ---- the sender's news

  const hear = (state, detail) => {
    if (state === "outcome") {
      heard = performance.now();
      if (detail.left !== undefined) clock.set(detail.left);
      if (detail.outcome === "conflict") conflict(detail);
      if (detail.outcome === "evidence-superseded") {
        gone.set(detail.place, detail);
        taken();
      }
      if (detail.outcome === "evidence-late") finish();
    } else if (state === "stopped") refused(detail);
    else if (state === "offline") {
      if (detail?.code === "E-STATE") hooks.read();
      else missing();
    } else {
      lost = false;
      status();
      if (state !== "saved") return;
      if (flagsToSend.size > 0) sendFlags();
      if (handing) tryHandIn();
      if (ended === "time" && !settling) finish();
    }
  };

  /** Another answer bears the number of this one: the record counts, ours is offered. */
  const conflict = async ({ place, answer }) => {
    let now = null;
    while (now === null) {
      try {
        now = await ask(at("form"));
      } catch (error) {
        if (!passes(error)) return refused(error);
        missing();
        await wait(RETRY);
      }
    }
    answers.set(place, now.answers[place]?.answer ?? []);
    if (!same(answers.get(place), answer)) offers.set(place, { place, answer });
    form.token = now.token;
    await journal.begin(now.writer, now.token, numbers(now));
    draw();
    if (place === here && offers.has(here)) view.speakOffer();
    return undefined;
  };

  const numbers = (told) =>
    Object.entries(told.answers).map(([place, { sequence }]) => [Number(place), sequence]);

  // ---- begin

  if (!sample) {
    await journal.begin(form.writer, form.token, numbers(form));
    sender = makeSender({
      journal,
      name: `assess-attempt-${attempt}`,
      hand: (entries) =>
        deliver(ask, addresses, { ...form, entries }),
      tell: hear,
    });
    for (const { place, answer } of await unsent()) answers.set(place, answer);
    channel.addEventListener("message", ({ data }) => {
      if (data.kind === "closed") return location.assign(words.over);
      if (data.kind === "rest") return hooks.read();
      if (data.writer !== form.writer) return undefined; // a tab that may not write any more
      if (data.kind === "answer") answers.set(data.place, data.answer);
      if (data.kind === "flag") flags[data.flagged ? "add" : "delete"](data.place);
      square(data.place);
      if (here === data.place || here === 0) draw();
      return undefined;
    });
    clock.set(form.seconds_left);
  }
  here = placed();
  const waiting = await unsent();
  early.begun = true;
  const conflicting = root.querySelector("[data-conflict]") !== null;
  if (early.touched && here > 0) changed();
  else if (here === 0 || (!conflicting && !same(view.chosen(), answers.get(here) ?? []))) draw();
  else for (let place = 1; place <= of; place += 1) square(place);

  view.form.addEventListener("change", (event) => {
    if (event.target.name === "answer" && !ended) changed();
  });
  view.form.addEventListener("submit", (event) => {
    event.preventDefault();
    const goal = event.submitter?.value ?? "next";
    if (goal === "clear") {
      answers.set(here, []);
      draw();
      keep(here, []);
      view.toAnswer();
    } else if (goal === "flag" || goal === "unflag") flag(goal === "flag");
    else if (goal === "review" || (goal === "next" && here === of)) go(0);
    else go(Math.max(1, goal === "previous" ? here - 1 : here + 1));
  });
  root.addEventListener("click", (event) => {
    const place = event.target.closest("[data-place]")?.dataset.place;
    if (place === undefined || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    go(Number(place));
  });
  view.review.addEventListener("submit", (event) => {
    event.preventDefault();
    handIn();
  });
  view.review.querySelector('[data-part="wait"]')?.addEventListener("click", notYet);
  addEventListener("popstate", () => go(placed(), false));
  if (sample) {
    view.say(words.loose);
    return;
  }

  addEventListener("pageshow", (event) => event.persisted && location.reload());
  addEventListener("online", () => sender.send());
  addEventListener("offline", missing);
  addEventListener("beforeunload", (event) => {
    if (leaving || (!lost && adding === 0 && journal.loose === 0)) return;
    event.preventDefault();
  });
  setInterval(async () => {
    if (leaving || performance.now() - heard < (held || lost ? POLL_PAUSED : POLL)) return;
    if (ended && !lost) return;
    heard = performance.now();
    await hooks.read();
    if (!ended) lookForOffers();
  }, 1000);
  if (waiting.length > 0) sender.send();
  else view.say(words.loose);
  early.pressed();
  await lookForOffers();
}
