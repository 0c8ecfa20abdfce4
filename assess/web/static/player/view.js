// Shows a question, the last look before handing in, and the way to all questions, in the page.
//
// The server has sent one of the two views and the other as a template; this fills them from what
// is handed in, by texts and attributes only. It knows no network and keeps no answer.


/** A text in which {name} stands for a value. */
export const fill = (text, values) => text.replace(/\{(\w+)\}/g, (all, name) => values[name] ?? all);

export const makeView = (root) => {
  const words = root.dataset;
  const part = (name, within = root) => within.querySelector(`[data-part="${name}"]`);
  const template = (name) => root.querySelector(`[data-template="${name}"]`);
  const made = (name) => {
    const there = root.querySelector(`[data-view="${name}"]`);
    if (there !== null) return there;
    const view = document.importNode(template(name).content, true).firstElementChild;
    view.hidden = true;
    template(name).before(view);
    return view;
  };
  const views = { question: made("question"), review: made("review") };
  const form = views.question.querySelector("form");
  const squares = [...root.querySelectorAll(".app-navigator__place")];
  const notice = part("notice");
  let names = []; // of the notices that are shown
  let shut = false;
  let unread = false; // whether a case has come that was not shown with the question before
  let spoken = ""; // what was said aloud last of how answers stand, while it still holds
  let covered = null; // what had the focus when the test was covered

  const show = (name, title) => {
    for (const [other, view] of Object.entries(views)) view.hidden = other !== name;
    part("to-review").hidden = name === "review";
    document.title = `${title} – ${words.title}`;
  };

  const options = (question, chosen) => {
    const box = part("options");
    const kind = question.control === "radios" ? "radios" : "checkboxes";
    const source = root.querySelector(`[data-option="${kind}"]`).content;
    box.className = `govuk-${kind}`;
    box.replaceChildren(
      ...question.options.map((text, position) => {
        const item = document.importNode(source, true).firstElementChild;
        const [input, label] = [item.querySelector("input"), item.querySelector("label")];
        input.id = position === 0 ? "answer" : `answer-${position + 1}`;
        input.value = String(position);
        input.checked = chosen.includes(position);
        input.disabled = shut;
        label.htmlFor = input.id;
        label.textContent = text;
        return item;
      }),
    );
  };

  const linked = (places) =>
    places.map((place) => {
      const [item, link] = [document.createElement("li"), document.createElement("a")];
      link.className = "govuk-link";
      link.href = words.question.replace(/0$/, String(place));
      link.dataset.place = String(place);
      link.textContent = fill(words.number, { number: place });
      item.append(link);
      return item;
    });

  const listed = (box, places) => {
    const [first] = box.querySelectorAll("ul");
    box.hidden = places.length === 0;
    first.replaceChildren(...linked(places));
  };

  const lines = (texts) =>
    texts.map((text) => {
      const line = document.createElement("p");
      line.className = "govuk-body";
      line.textContent = text;
      return line;
    });

  const speak = (text) => (part("spoken").textContent = text);

  return {
    form,
    review: views.review,

    /** Says aloud what has happened. */
    speak,

    /** Which options are chosen in the page now, by position. */
    chosen: () => [...form.querySelectorAll('[name="answer"]:checked')].map((i) => Number(i.value)),

    /** A question of the form with the answer it has. */
    question(question, of, { chosen, flagged }) {
      show("question", fill(words.titleQuestion, { place: question.place, of }));
      part("place").textContent = fill(words.titleQuestion, { place: question.place, of });
      for (const old of form.querySelectorAll(".govuk-error-message")) old.remove();
      root.querySelector("[data-conflict]")?.remove();
      part("stem").textContent = question.stem;
      part("hint").textContent = question.choose;
      options(question, chosen);
      const text = question.stimulus?.text ?? "";
      part("case").hidden = text === "";
      unread = text !== "" && part("case-text").textContent !== text;
      if (part("case-text").textContent !== text) part("case-text").textContent = text;
      root.classList.toggle("app-player--case", text !== "");
      part("next").textContent = question.place < of ? words.next : words.last;
      part("previous").hidden = question.place === 1;
      part("clear").hidden = question.control !== "radios";
      this.flag(flagged);
      this.offer(null);
    },

    /** The last look: what is not answered, what is flagged. */
    lastLook(unanswered, flagged) {
      show("review", words.titleReview);
      const counted = (name, text, places) => {
        part(name, views.review).textContent = fill(text, { count: places.length });
      };
      counted("unanswered-count", words.countUnanswered, unanswered);
      counted("flagged-count", words.countFlagged, flagged);
      listed(views.review.querySelector("[data-unanswered]"), unanswered);
      listed(views.review.querySelector("[data-flagged]"), flagged);
      part("all-answered").hidden = unanswered.length > 0;
      part("none-flagged").hidden = flagged.length > 0;
      part("case").hidden = true;
      root.classList.remove("app-player--case");
      part("back").dataset.place = String(unanswered[0] ?? 1);
      part("back").href = words.question.replace(/0$/, String(unanswered[0] ?? 1));
    },

    flag(flagged) {
      part("flag").value = flagged ? "unflag" : "flag";
      part("flag").textContent = flagged ? words.unflag : words.flag;
    },

    /** Says aloud how it stands with a question, as its square does. */
    speakPlace(place) {
      const said = part("state", squares[place - 1]).textContent;
      speak(`${fill(words.number, { number: place })}: ${said}`);
    },

    /** One square of the navigator. */
    square(place, { answered, flagged, current, offered }) {
      const square = squares[place - 1];
      square.classList.toggle("app-navigator__place--answered", answered);
      square.classList.toggle("app-navigator__place--flagged", flagged);
      square.classList.toggle("app-navigator__place--current", current);
      if (current) square.setAttribute("aria-current", "page");
      else square.removeAttribute("aria-current");
      const said = [answered ? words.answered : words.notAnswered];
      if (flagged) said.push(words.saidFlagged);
      if (offered) said.push(words.offered);
      part("state", square).textContent = said.join(", ");
    },

    /** Where reading goes on after another view has come. */
    toTop() {
      const view = views.question.hidden ? views.review : views.question;
      const read = unread && !views.question.hidden;
      (read ? part("case").querySelector("h2") : part("heading", view)).focus();
    },

    /**
     * Whether what was answered has arrived, in words; with a code for a message that has one. Said
     * aloud when it is another than before: not at each key, and not what only lasts a moment.
     */
    say(text, { failed = false, device = false, code = "" } = {}) {
      for (const said of root.querySelectorAll("[data-player-said], [data-last-said]")) {
        said.classList.toggle("app-saved--failed", failed);
        said.classList.toggle("app-saved--device", device);
        if (code) said.dataset.code = code;
        else delete said.dataset.code;
        if (said.textContent !== text) said.textContent = text;
      }
      if (text === words.saving || text === spoken) return;
      spoken = text === words.loose ? "" : text;
      speak(spoken);
    },

    /** Whether all has arrived, is on its way, or waits on this device: what a candidate reads. */
    status({ waiting, adding, lost, handing, ended, kept }) {
      const waits = { failed: true, code: "I-OFFLINE" };
      const count = { count: waiting };
      if (ended === "taken" || ended === "out") return; // what was said then stays
      if (ended) {
        const said = waiting ? fill(words.up, count) : lost ? words.upEmpty : "";
        this.say(said, said ? waits : {});
      } else if (handing && lost) {
        this.say(fill(waiting ? words.handing : words.handingEmpty, count), waits);
      } else if (handing) this.say(fill(waiting ? words.sending : words.handingIn, count));
      else if (adding > 0) this.say(words.saving);
      else if (lost && (kept || waiting === 0)) {
        this.say(waiting ? words.device : words.offline, { device: true, code: waits.code });
      } else if (lost) this.say(words.memory, waits);
      else this.say(waiting > 0 ? words.saving : words.saved);
    },

    /** A message above the question that stays, by name, once; or taken away again with null. */
    notice(name, content) {
      if (content === null) {
        names = names.filter((other) => other !== name);
        notice.querySelector(`[data-notice="${name}"]`)?.remove();
        return;
      }
      if (names.includes(name)) return;
      names.push(name);
      const box = document.createElement("div");
      box.dataset.notice = name;
      if (content !== undefined) box.className = "govuk-inset-text";
      const nodes = content ?? [document.importNode(template(name).content, true)];
      box.append(...nodes);
      notice.append(box);
    },

    /** What became of answers of a device that was taken over. */
    evidence(texts) {
      part("evidence", notice)?.replaceChildren(...lines(texts));
    },

    lines,

    /** A message with links to these questions below it. */
    places(text, places) {
      const list = document.createElement("ul");
      list.className = "govuk-list";
      list.append(...linked(places));
      return [...lines([text]), list];
    },

    /** A link that is a message by itself. */
    link(text, address) {
      const [line, link] = [document.createElement("p"), document.createElement("a")];
      [line.className, link.className] = ["govuk-body", "govuk-link"];
      [link.href, link.textContent] = [address, text];
      line.append(link);
      return line;
    },

    /** Where answering goes on: at what is chosen, or at the first option. */
    toAnswer() {
      const first = form.querySelector('[name="answer"]');
      (form.querySelector('[name="answer"]:checked') ?? first).focus();
    },

    /** An answer of the device before: {text, take, leave}; null for none. */
    offer(offered) {
      views.question.querySelector("[data-offer]")?.remove();
      if (offered === null) return;
      const box = document.importNode(template("offer").content, true).firstElementChild;
      part("offered", box).textContent = offered.text;
      part("take", box).addEventListener("click", offered.take);
      part("leave", box).addEventListener("click", offered.leave);
      form.before(box);
    },

    /** Says aloud what is offered here, to who is at the question already. */
    speakOffer() {
      const said = views.question.querySelectorAll("[data-offer] p");
      speak([...said].map((line) => line.textContent).join(" "));
    },

    /** Nothing can be answered or handed in any more; reading goes on. */
    shut() {
      shut = true;
      const at = document.activeElement;
      // Nothing is saved here any more: the buttons only lead on.
      words.next = words.plainNext;
      part("next").textContent = words.plainNext;
      part("previous").textContent = words.plainPrevious;
      for (const input of form.querySelectorAll("input[name=answer]")) input.disabled = true;
      for (const name of ["flag", "clear", "to-review"]) part(name).disabled = true;
      if (root.contains(at) && at.disabled) this.toTop();
      for (const name of ["hand-in", "warning"]) part(name, views.review)?.remove();
    },

    /** While the test is "paused" no question is to be seen; "resting" nothing of the test is. */
    cover(why) {
      const seen = [...Object.values(views), part("case")];
      const at = document.activeElement;
      if (why === "paused") covered = seen.some((one) => one.contains(at)) ? at : null;
      for (const one of seen) one.classList.toggle("app-player__covered", why === "paused");
      for (const one of [...seen, part("navigator"), part("book")]) {
        one?.classList.toggle("app-player__away", why === "resting");
      }
      if (why === "" && document.activeElement === document.body) covered?.focus();
    },

    /** The button that hands in, while it works and waits, and the one by which it is called off. */
    handing(is, waits = is) {
      const button = part("hand-in-button", views.review);
      if (button === null) return;
      button.setAttribute("aria-disabled", String(is)); // it keeps the focus, and does nothing
      const off = part("wait", views.review);
      if (!waits && document.activeElement === off) button.focus();
      off.hidden = !waits;
    },
  };
};

