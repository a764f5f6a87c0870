/* The builder of procedures: a step is dragged to another place, or moved with Alt and an arrow. Buttons do the same without this. */
"use strict";
(() => {
  const builder = () => document.getElementById("builder");
  const stepAt = (at) => at instanceof Element ? at.closest(".step") : null;
  let dragged = null;

  function press(verb) {
    const button = document.createElement("button");
    button.name = "do";
    button.value = verb;
    button.hidden = true;
    builder().append(button);
    button.click();
    button.remove();
  }
  function ready() {
    document.querySelectorAll(".step .dot").forEach((dot) => { dot.draggable = true; });
  }
  document.addEventListener("dragstart", (event) => {
    if (!(event.target instanceof Element) || !event.target.matches(".step .dot")) return;
    dragged = stepAt(event.target);
    dragged.setAttribute("data-dragged", "");
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", dragged.dataset.place);
  });
  document.addEventListener("dragover", (event) => {
    const over = stepAt(event.target);
    if (!dragged || !over) return;
    event.preventDefault();
    document.querySelectorAll("[data-over]").forEach((other) => other.removeAttribute("data-over"));
    over.setAttribute("data-over", "");
  });
  document.addEventListener("drop", (event) => {
    const over = stepAt(event.target);
    if (!dragged || !over) return;
    event.preventDefault();
    if (over !== dragged) press(`move:${dragged.dataset.place}:${over.dataset.place}`);
  });
  document.addEventListener("dragend", () => {
    document.querySelectorAll("[data-over], [data-dragged]").forEach((step) => { step.removeAttribute("data-over"); step.removeAttribute("data-dragged"); });
    dragged = null;
  });
  document.addEventListener("keydown", (event) => {
    const step = stepAt(event.target);
    if (!event.altKey || !step || !["ArrowUp", "ArrowDown"].includes(event.key)) return;
    const button = step.querySelector(`[name="do"][value^="${event.key === "ArrowUp" ? "up" : "down"}:"]`);
    if (button && !button.disabled) { event.preventDefault(); button.focus(); button.click(); }
  });
  document.addEventListener("htmx:afterSettle", ready);
  ready();
})();
