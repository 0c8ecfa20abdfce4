// Puts a part of a page, as the server sends it anew, in the place of the one before.

const REACHED = "a[href], button, input, summary, [tabindex]"; // what the keyboard comes to

/** Puts one in the place of the other; whoever is in it with the keyboard stays where they are. */
export const exchange = (old, fresh) => {
  const at = [...old.querySelectorAll(REACHED)].indexOf(document.activeElement);
  old.replaceWith(fresh);
  if (at >= 0) [...fresh.querySelectorAll(REACHED)].slice(0, at + 1).pop()?.focus({ preventScroll: true });
};
