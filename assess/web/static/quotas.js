// How many questions would a test have? Counted while an author types; the server counts again.

const total = document.querySelector("[data-total]");
const counts = [...document.querySelectorAll("[data-quotas] input[name^='count:']")];

function count() {
  const typed = counts.map((input) => input.value.trim()).filter((text) => /^[0-9]{1,9}$/.test(text));
  total.textContent = String(typed.reduce((sum, text) => sum + Number(text), 0));
}

if (total) {
  for (const input of counts) {
    input.addEventListener("input", count);
  }
}
