/* The editor of wordings: a field of the list goes to where the cursor was. The preview follows by htmx as one types. */
"use strict";
(() => {
  let last = null;
  document.addEventListener("focusin", (event) => {
    if (event.target instanceof Element && event.target.matches("[data-fields]")) last = event.target;
  });
  document.addEventListener("click", (event) => {
    const button = event.target instanceof Element ? event.target.closest("[data-insert]") : null;
    if (!button) return;
    const into = last && last.isConnected ? last : document.getElementById("body");
    into.focus();
    into.setRangeText(button.dataset.insert, into.selectionStart, into.selectionEnd, "end");
    into.dispatchEvent(new Event("input", { bubbles: true }));
  });
})();
