// What is filled in before a page's script has come, or brought back by the browser when somebody
// goes back to the page, is announced by no event.

/** Whether a field of a form holds something else than the page came with. */
export const changed = ({ type, options, checked, defaultChecked, value, defaultValue }) => {
  if (options) {
    const first = [...options].find((one) => one.defaultSelected) ?? options[0];
    return first !== undefined && !first.selected;
  }
  if (["checkbox", "radio"].includes(type)) return checked !== defaultChecked;
  return defaultValue !== undefined && value !== defaultValue;
};
