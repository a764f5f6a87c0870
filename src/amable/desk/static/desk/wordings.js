/* The editor of wordings: a field of the list goes to where the cursor was. The preview follows by htmx as one types;
   what was unfolded in it (the letter, the text) stays so. */
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
  const unfolded = new Map();
  document.addEventListener("htmx:beforeSwap", () => {
    document.querySelectorAll("#seen details[id]").forEach((one) => unfolded.set(one.id, one.open));
  });
  document.addEventListener("htmx:afterSwap", () => {
    document.querySelectorAll("#seen details[id]").forEach((one) => { one.open = unfolded.get(one.id) ?? one.open; });
  });
})();
