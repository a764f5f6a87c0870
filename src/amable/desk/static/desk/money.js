/* What the pages about money add: the row one was at after a decision, and the sum while shares are typed.
   form[data-divide] has a table of items; [data-amount] is what may be divided in minor units, [data-typed] names the field where it is typed. */
"use strict";
(() => {
  const all = (what, where = document) => [...where.querySelectorAll(what)];

  let place = -1;
  document.addEventListener("htmx:beforeRequest", () => {
    place = all("[data-list] tbody tr").findIndex((row) => row.hasAttribute("data-here"));
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    all("form[data-divide]").forEach(reckon);
    if (place < 0 || event.target.id === "beside") return;
    const rows = all("[data-list] tbody tr");
    const row = rows[Math.min(place, rows.length - 1)];
    place = -1;
    if (!row) return;
    row.setAttribute("data-here", "");
    row.tabIndex = -1;
    row.focus({ preventScroll: true });
  });

  const decimals = (form) => Number(form.dataset.exponent || 2);
  /* What was typed in minor units, NaN when it could be two amounts; the desk decides, this only shows the sum. */
  function minor(text, form) {
    const figure = text.replace(/[\s\u00a0\u202f'’]/g, "").replace("−", "-");
    if (!figure) return 0;
    const found = figure.match(/^(-?)(\d+(?:[.,]\d{3})*?)(?:([.,])(\d{1,3}))?$/);
    if (!found || (found[4] || "").length > decimals(form)) return NaN;
    return Number(`${found[1]}${found[2].replace(/[.,]/g, "")}${(found[4] || "").padEnd(decimals(form), "0")}`);
  }
  const shown = (value, form) => (value / 10 ** decimals(form)).toLocaleString(document.documentElement.lang,
    { minimumFractionDigits: decimals(form), maximumFractionDigits: decimals(form) });

  function left(form) {
    const typed = form.dataset.typed && document.getElementById(form.dataset.typed);
    const whole = typed ? minor(typed.value, form) : Number(form.dataset.amount);
    return all("input[data-room]", form).reduce((rest, field) => rest - minor(field.value, form), whole);
  }
  function reckon(form) {
    const at = form.querySelector("[data-rest]");
    const rest = left(form);
    if (!at) return;
    at.textContent = Number.isNaN(rest) ? "–" : shown(rest, form);
    at.toggleAttribute("data-over", rest < 0);
  }
  document.addEventListener("input", (event) => {
    const form = event.target.closest?.("form[data-divide]");
    if (!form) return;
    const row = event.target.closest("#beside tr");
    if (row && event.target.value) {
      document.getElementById("chosen").append(row); // what was typed stays when something else is looked for
      event.target.focus();
    }
    reckon(form);
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-whole]");
    if (!button) return;
    const form = button.closest("form");
    const field = button.closest("tr").querySelector("input[data-room]");
    field.value = "";
    const rest = left(form), room = Number(field.dataset.room);
    field.value = shown(room > 0 && rest > 0 ? Math.min(room, rest) : room, form);
    field.dispatchEvent(new Event("input", { bubbles: true }));
  });
  all("form[data-divide]").forEach(reckon);
})();
