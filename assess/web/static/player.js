// Saves each answer as it is chosen, says in words whether it has arrived, and never leaves the
// page with an answer that has not. Without it the same form works by its buttons.
//
// Every change bears the next number. One request is on its way at a time, with the newest answer;
// the same request repeated is no error to the server, so a lost reply is simply asked for again.

const PATIENCE = 10000; // milliseconds for a reply
const WAITS = [1000, 2000, 4000, 8000, 15000]; // milliseconds between tries

const form = document.querySelector("[data-player]");
if (form) {
  const words = form.dataset;
  const said = form.querySelector("[data-player-said]");
  const flag = form.querySelector("[data-player-flag]");
  const number = form.elements.namedItem("sequence");
  const token = form.elements.namedItem("csrf_token").value;
  const inputs = [...form.querySelectorAll('[name="answer"]')];
  const square = document.querySelector(".app-navigator__place--current");
  const state = document.querySelector("[data-player-state]");

  let used = false; // whether the number on the page has been given to an answer
  let waiting = null; // what is not known to be saved: the body of a request
  let busy = false;
  let failures = 0;
  let goal = null; // where to go once everything is saved
  let timer = 0;
  let leaving = false;

  const say = (text, failed = false) => {
    said.classList.toggle("app-saved--failed", failed);
    if (said.textContent !== text) said.textContent = text;
  };

  const body = (go) => {
    const fields = new URLSearchParams(new FormData(form));
    if (go !== null) fields.set("go", go);
    return fields;
  };

  const mark = () => {
    const answered = inputs.some((input) => input.checked);
    const flagged = flag.value === "unflag";
    square.classList.toggle("app-navigator__place--answered", answered);
    square.classList.toggle("app-navigator__place--flagged", flagged);
    const said = [state.dataset.playerState, answered ? words.answered : words.notAnswered];
    if (flagged) said.push(words.flagged);
    state.textContent = said.join(", ");
  };

  // A refusal is shown by the server's own page, which says what is saved and what was sent.
  const asPage = () => {
    leaving = true;
    const go = document.createElement("input");
    go.type = "hidden";
    go.name = "go";
    go.value = goal ?? "";
    form.append(go);
    HTMLFormElement.prototype.submit.call(form);
  };

  const arrived = (reply, sent) => {
    failures = 0;
    if (waiting === sent) waiting = null;
    if (waiting !== null) return;
    say(words.saved);
    if (goal === null) return;
    if (goal === "flag" || goal === "unflag") {
      flag.value = goal === "flag" ? "unflag" : "flag";
      flag.textContent = words[flag.value];
      goal = null;
      mark();
      return;
    }
    leaving = true;
    location.assign(reply.next);
  };

  const later = () => {
    say(words.offline, true);
    timer = setTimeout(send, WAITS[Math.min(failures, WAITS.length - 1)]);
    failures += 1;
  };

  const refused = async (answer) => {
    if (answer.status !== 403) return asPage();
    // Logged out: the page stays, with the answer on it.
    const problem = await answer.json().catch(() => ({ reasons: [] }));
    say(problem.reasons.map((reason) => `${reason.what} ${reason.do}`).join(" "), true);
    goal = null;
  };

  async function send() {
    clearTimeout(timer);
    if (busy || waiting === null || leaving) return;
    busy = true;
    const sent = waiting;
    if (failures === 0) say(words.saving);
    try {
      const answer = await fetch(form.action, {
        method: "POST",
        headers: { Accept: "application/json", "X-CSRFToken": token },
        body: sent,
        signal: AbortSignal.timeout(PATIENCE),
      });
      if (answer.ok) arrived(await answer.json(), sent);
      else if (answer.status >= 500 || answer.status === 429) later();
      else await refused(answer);
    } catch {
      later();
    }
    busy = false;
    if (waiting !== null && waiting !== sent) send();
  }

  const changed = () => {
    if (used) number.value = String(Number(number.value) + 1);
    used = true;
    waiting = body(goal);
    mark();
    send();
  };

  form.addEventListener("change", (event) => {
    if (event.target.name === "answer") changed();
  });

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const go = event.submitter === null ? "next" : event.submitter.value;
    if (go === "clear") {
      for (const input of inputs) input.checked = false;
      changed();
      inputs[0].focus();
      return;
    }
    goal = go;
    used = true;
    waiting = body(go);
    send();
  });

  addEventListener("beforeunload", (event) => {
    if (waiting !== null && !leaving) event.preventDefault();
  });
  addEventListener("online", send);
  document.addEventListener("assess:time-up", () => {
    send();
    leaving = true;
  });

  say(words.loose);
}
