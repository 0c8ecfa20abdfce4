// What devices before did not send in time: offered to the present one, question by question.

import { passes } from "./sender.js";

const AGAIN = 4000; // milliseconds until the next look, after one that failed

/**
 * `find` asks for the offers; `keep(place, answer)` makes one of them the answer. One that is left
 * is not offered again in this tab.
 */
export const makeOffers = ({ attempt, words, view, sheet, now, find, keep }) => {
  const offers = new Map(); // by place
  let announced = ""; // the places that are named above the question
  let looking = 0;

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

  /** Says which other questions have an offer, when that changes. */
  const announce = () => {
    const places = now.ended ? [] : [...offers.keys()].filter((place) => place !== sheet.here);
    if (places.join() === announced) return;
    announced = places.join();
    view.notice("offers", null);
    if (places.length > 0) view.notice("offers", view.places(words.offers, places));
  };

  /** Shows the offer at the present question. */
  const show = () => {
    announce();
    const one = offers.get(sheet.here);
    if (one === undefined || now.ended) return view.offer(null);
    const done = () => {
      offers.delete(one.place);
      view.offer(null);
      sheet.square(one.place);
    };
    return view.offer({
      text: sheet.inWords(one.place, one.answer),
      take: () => {
        done();
        sheet.answers.set(one.place, one.answer);
        sheet.draw();
        keep(one.place, one.answer);
        view.toAnswer();
      },
      leave: () => {
        done();
        remember(one);
        view.toAnswer();
      },
    });
  };

  const speak = () => {
    if (offers.has(sheet.here) && !now.ended) view.speakOffer();
  };

  /** Asks for what is offered, and shows it. */
  const look = async () => {
    try {
      for (const one of await find()) if (forgotten(one)) offers.set(one.place, one);
    } catch (error) {
      clearTimeout(looking);
      if (passes(error) && !now.ended) looking = setTimeout(look, AGAIN);
      return;
    }
    for (const place of offers.keys()) sheet.square(place);
    show();
    speak();
  };

  return {
    announce,
    show,
    speak,
    look,
    has: (place) => offers.has(place),
    put: (one) => offers.set(one.place, one),
  };
};
