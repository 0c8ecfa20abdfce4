// A test that is being sat: what the candidate does is kept and sent, what the server says is done.

import { makeEndings } from "./endings.js";
import { makeFlags } from "./flags.js";
import { makeHandIn } from "./handing.js";
import { makeOffers } from "./offers.js";
import { makeRest } from "./rest.js";
import { deliver, makeSender, passes, wait } from "./sender.js";
import { makeSheet, same } from "./sheet.js";
import { fill, makeView } from "./view.js";

const POLL = 30000; // milliseconds without a word of the server until it is asked
const POLL_PAUSED = 4000; // the same, while the test is paused or there is no connection
const RETRY = 2000; // milliseconds between tries to fetch the form again
const OVER = ["closed", "marked", "void"];

/** What the clock of the page counts down; null while it stands. */
export const secondsOf = (told) => (told.state === "paused" ? null : told.seconds_left);

/** Sits the test of a form, with the clock, the journal and what was pressed before it came. */
export const sit = async (root, { ask, at, clock, hooks, early, form, sample, journal }) => {
  const words = root.dataset;
  const attempt = Number(words.attempt ?? 0);
  const addresses = { answers: at("answers"), journal: at("journal") };
  const view = makeView(root);
  const channel = sample ? null : new BroadcastChannel(`assess-attempt-${attempt}`);
  const now = {
    adding: 0, // answers on their way into the journal
    lost: false, // whether the last try found no connection
    handing: false,
    held: "", // why the clock stands and no question is seen: "paused" or "resting"
    ended: "", // why nothing more is answered here: "time", "taken" or "out"
    settling: false, // time is up, and the last answers may still leave
    leaving: false,
    heard: performance.now(), // when the server last said something
  };
  let sender = null;
  let ticket = 0; // of what is said; an older one says nothing

  // ---- what is said

  const unsent = async () => (sample ? [] : journal.waiting());
  const arrived = async () => (await unsent()).length + now.adding === 0;

  const status = async () => {
    if (sample) return view.say(words.loose);
    const mine = (ticket += 1);
    const waiting = (await unsent()).length + now.adding;
    if (mine === ticket) view.status({ ...now, waiting, kept: journal.kept });
    return undefined;
  };

  const missing = () => {
    now.lost = true;
    status();
  };

  // ---- what it is made of

  const handOver = async (one) => {
    const { outcomes } = await deliver(ask, addresses, one);
    await journal.done(one.entries);
    return outcomes;
  };

  const sheet = makeSheet(root, form, view, () => offers);

  const offers = makeOffers({
    attempt,
    words,
    view,
    sheet,
    now,
    find: async () => {
      for (const one of await journal.before()) await handOver(one);
      return (await ask(at("offers"))).offers;
    },
    keep: (place, answer) => keep(place, answer),
  });

  const endings = makeEndings({
    words,
    view,
    sheet,
    offers,
    now,
    journal,
    channel,
    status,
    missing,
    unsent,
    send: () => sender.send(),
    handOver: (entries) => handOver({ ...form, entries }),
    reach: () => ask(at("time")),
    halt: () => sender.stop(),
    shut: () => {
      rest?.shut();
      view.shut();
    },
  });

  const flags = makeFlags({
    send: (place, flagged) => ask(at("flags"), { place, flagged }),
    keep: (...flag) => journal.flag(...flag),
    failed: (error) => {
      if (error.code === "E-STATE") hooks.read();
      else failed(error);
    },
  });

  const handIn = makeHandIn({
    view,
    now,
    status,
    missing,
    arrived,
    send: () => sender.send(),
    ask: () => ask(at("hand-in"), { token: form.token, writer: form.writer }),
    done: endings.over,
    refused: endings.refused,
  });

  const rest = makeRest(root, {
    fill,
    begin: async () => {
      // What was answered before has to be on record first: during the break nothing is taken.
      await sender.send();
      return (await arrived()) && turn("rest");
    },
    end: () => turn("rest/end"),
    over: () => {
      hold("");
      hooks.read();
    },
  });

  // ---- what the candidate does

  const keep = async (place, answer) => {
    sheet.square(place);
    if (sample) return;
    now.adding += 1;
    ticket += 1; // what was said of the answers before is not true of this one
    view.say(words.saving);
    try {
      await journal.add(place, answer);
    } finally {
      now.adding -= 1;
    }
    channel.postMessage({ kind: "answer", writer: form.writer, place, answer });
    status();
    sender.send();
  };

  const changed = () => {
    const answer = view.chosen();
    sheet.answers.set(sheet.here, answer);
    keep(sheet.here, answer);
  };

  const go = (place, push = true) => {
    // What stands in the page of a conflict is what was sent: whoever goes on saves it.
    if (sheet.here > 0 && !now.ended && root.querySelector("[data-conflict]") !== null) changed();
    clock.settle();
    sheet.go(place, push);
    if (!now.lost && !now.handing && now.adding === 0) view.say(words.loose);
    else status();
  };

  const flag = (flagged) => {
    const place = sheet.here;
    sheet.flags[flagged ? "add" : "delete"](place);
    view.flag(flagged);
    sheet.square(place);
    view.speakPlace(place);
    if (sample) return;
    channel.postMessage({ kind: "flag", writer: form.writer, place, flagged });
    flags.put(place, flagged);
  };

  const clear = () => {
    sheet.answers.set(sheet.here, []);
    sheet.draw();
    keep(sheet.here, []);
    view.toAnswer();
  };

  // ---- what the server says

  const failed = (error) => {
    if (passes(error)) missing();
    else endings.refused(error);
  };

  hooks.read = async () => {
    if (sample) return null;
    try {
      const told = await ask(at("time"));
      now.heard = performance.now();
      take(told);
      return secondsOf(told);
    } catch (error) {
      failed(error);
      return null; // what has passed on this page still counts
    }
  };

  hooks.over = () => (sample ? undefined : endings.timeUp());

  const take = ({ seconds_left: left, state, writer_is_me: mine, resting, rest_left: rests }) => {
    if (OVER.includes(state)) return endings.finish();
    if (mine === false) return endings.taken();
    rest?.told(resting, rests);
    hold(state !== "paused" ? "" : resting ? "resting" : "paused");
    clock.set(left);
    if (now.lost) {
      now.lost = false;
      status();
      sender.send();
    }
    return undefined;
  };

  const hold = (why) => {
    if (now.held === why) return;
    const rested = now.held === "resting";
    now.held = why;
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
      now.heard = performance.now();
      channel.postMessage({ kind: "rest" });
    } catch (error) {
      failed(error);
      return !passes(error);
    }
    return true;
  };

  /** The sender's news. */
  const hear = (state, detail) => {
    if (state === "outcome") {
      now.heard = performance.now();
      if (detail.left !== undefined) clock.set(detail.left);
      if (detail.outcome === "conflict") conflict(detail);
      if (detail.outcome === "evidence-superseded") endings.taken(detail);
      if (detail.outcome === "evidence-late") endings.finish();
    } else if (state === "stopped") endings.refused(detail);
    else if (state === "offline") {
      if (detail?.code === "E-STATE") hooks.read();
      else missing();
    } else {
      now.lost = false;
      status();
      if (state !== "saved") return;
      flags.flush();
      handIn.again();
      if (now.ended === "time" && !now.settling) endings.finish();
    }
  };

  const numbers = (told) =>
    Object.entries(told.answers).map(([place, { sequence }]) => [Number(place), sequence]);

  /** Another answer bears the number of this one: the record counts, ours is offered. */
  const conflict = async ({ place, answer }) => {
    let told = null;
    while (told === null) {
      try {
        told = await ask(at("form"));
      } catch (error) {
        failed(error);
        if (!passes(error)) return;
        await wait(RETRY);
      }
    }
    sheet.answers.set(place, told.answers[place]?.answer ?? []);
    if (!same(sheet.chosen(place), answer)) offers.put({ place, answer });
    form.token = told.token;
    await journal.begin(told.writer, told.token, numbers(told));
    sheet.draw();
    if (place === sheet.here) offers.speak();
  };

  /** What another tab of this device says. */
  const overheard = ({ data }) => {
    if (data.kind === "closed") return location.assign(words.over);
    if (data.kind === "rest") return hooks.read();
    if (data.writer !== form.writer) return undefined; // a tab that may not write any more
    if (data.kind === "answer") sheet.answers.set(data.place, data.answer);
    if (data.kind === "flag") sheet.flags[data.flagged ? "add" : "delete"](data.place);
    sheet.square(data.place);
    if (sheet.here === data.place || sheet.here === 0) sheet.draw();
    return undefined;
  };

  const look = async () => {
    if (form.writer > 1) await offers.look();
  };

  // ---- begin

  if (!sample) {
    const held = await journal.begin(form.writer, form.token, numbers(form));
    for (const [place, flagged] of held) {
      sheet.flags[flagged ? "add" : "delete"](place);
      flags.put(place, flagged);
    }
    sender = makeSender({
      journal,
      name: `assess-attempt-${attempt}`,
      hand: (entries) => deliver(ask, addresses, { ...form, entries }),
      tell: hear,
    });
    for (const { place, answer } of await unsent()) sheet.answers.set(place, answer);
    channel.addEventListener("message", overheard);
    clock.set(form.seconds_left);
  }
  sheet.here = sheet.placed();
  const waiting = await unsent();
  early.begun = true;
  if (early.touched && sheet.here > 0) changed();
  const conflicting = root.querySelector("[data-conflict]") !== null;
  const drawn = sheet.here > 0 && (conflicting || same(view.chosen(), sheet.chosen(sheet.here)));
  if (drawn) sheet.squares();
  else sheet.draw();

  view.form.addEventListener("change", (event) => {
    if (event.target.name === "answer" && !now.ended) changed();
  });
  view.form.addEventListener("submit", (event) => {
    event.preventDefault();
    const goal = event.submitter?.value ?? "next";
    const { here, of } = sheet;
    if (goal === "clear") clear();
    else if (goal === "flag" || goal === "unflag") flag(goal === "flag");
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
    handIn.begin();
  });
  view.review.querySelector('[data-part="wait"]')?.addEventListener("click", handIn.notYet);
  addEventListener("popstate", () => go(sheet.placed(), false));
  if (sample) {
    view.say(words.loose);
    return;
  }

  addEventListener("pageshow", (event) => event.persisted && location.reload());
  addEventListener("online", () => sender.send());
  addEventListener("offline", missing);
  addEventListener("beforeunload", (event) => {
    if (now.leaving || (!now.lost && now.adding === 0 && journal.loose === 0)) return;
    event.preventDefault();
  });
  setInterval(async () => {
    const quiet = now.held || now.lost ? POLL_PAUSED : POLL;
    if (now.leaving || performance.now() - now.heard < quiet) return;
    if (now.ended && !now.lost) return;
    now.heard = performance.now();
    await hooks.read();
    if (!now.ended) look();
  }, 1000);
  if (waiting.length > 0) sender.send();
  else view.say(words.loose);
  early.pressed();
  await look();
};
