// The sheet of a test in this page: what is chosen and flagged, and which question is shown.
//
// It knows no network: what is kept and sent is for those who change it.

import { fill } from "./view.js";

const RADIOS = ["single_choice", "true_false"];

/** Whether two answers choose the same. */
export const same = (one, other) =>
  one.length === other.length && one.every((x, at) => x === other[at]);

/** The sheet of a form. `offers` are the answers of devices before (`offers.js`). */
export const makeSheet = (root, form, view, offers) => {
  const words = root.dataset;
  const of = form.questions.length;
  const answers = new Map(); // by place: shown positions
  const flags = new Set(form.flags);

  for (const question of form.questions) {
    question.control ??= RADIOS.includes(question.kind) ? "radios" : "checkboxes";
  }
  for (const [place, { answer }] of Object.entries(form.answers)) answers.set(Number(place), answer);

  return {
    of,
    answers,
    flags,
    here: 0, // the place that is shown; 0 for the last look

    /** What is chosen at a place. */
    chosen: (place) => answers.get(place) ?? [],

    /** An answer, as its candidate reads it. */
    inWords(place, answer) {
      const { options } = form.questions[place - 1];
      return answer.map((position) => options[position]).join("; ") || words.noAnswer;
    },

    /** The same of several, each with its number. */
    listed(entries) {
      const number = (place) => fill(words.number, { number: place });
      return entries.map((one) => `${number(one.place)}: ${this.inWords(one.place, one.answer)}`);
    },

    /** Sets the square of a place in the navigator, or of all places. */
    square(place) {
      view.square(place, {
        answered: this.chosen(place).length > 0,
        flagged: flags.has(place),
        current: place === this.here,
        offered: offers().has(place),
      });
    },
    squares() {
      for (let place = 1; place <= of; place += 1) this.square(place);
    },

    /** Shows the question of this place, or the last look. */
    draw() {
      this.squares();
      if (this.here === 0) {
        const places = form.questions.map((question) => question.place);
        view.lastLook(
          places.filter((place) => this.chosen(place).length === 0),
          places.filter((place) => flags.has(place)),
        );
        offers().announce();
        return;
      }
      view.question(form.questions[this.here - 1], of, {
        chosen: this.chosen(this.here),
        flagged: flags.has(this.here),
      });
      offers().show();
    },

    /** Goes to a place; `push` writes the step down, for the browser's way back. */
    go(place, push) {
      this.here = place;
      if (push) history.pushState({ place }, "", this.address(place));
      this.draw();
      view.toTop();
    },

    /** The address of a place, and the place that the address names now. */
    address: (place) =>
      place === 0 ? words.review : words.question.replace(/0$/, String(place)),
    placed() {
      const found = /\/questions\/(\d+)$/.exec(location.pathname);
      return found === null ? 0 : Math.min(Math.max(Number(found[1]), 1), of);
    },
  };
};
