/* Keeps the place of the keyboard in the list of the day while a row of it changes.
   A button outside its form says type="submit", or htmx does not know which one was pressed. */
"use strict";
(() => {
  const place = () => document.querySelector("[data-list] tbody tr[data-here]");
  let was = null;
  document.addEventListener("htmx:beforeRequest", () => { was = place()?.dataset.row ?? null; });
  document.addEventListener("htmx:afterSettle", () => {
    if (!was || place()) return;
    const row = document.querySelector(`[data-list] tr[data-row="${CSS.escape(was)}"]`);
    if (row) { row.setAttribute("data-here", ""); row.tabIndex = -1; row.focus({ preventScroll: true }); }
  });
})();
