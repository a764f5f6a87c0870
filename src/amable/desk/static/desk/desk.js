/* What the keyboard does at the desk, and the few things a form cannot do by itself. Every page works without it.
   Templates say what they want by attributes:
   data-list on a table: its rows can be walked with j and k. A row's [data-open] link is opened by Enter; [data-key="h"] presses by that letter.
   data-dialog="id" opens a dialog; [data-close] in it closes it. data-go="today" follows by g then the first letter (data-letter).
   data-changes on a form sends it when a field of it changes. data-check-all="name" checks every box of that name; .bulk[data-of="name"] shows when one is. */
"use strict";
(() => {
  const root = document.documentElement;
  root.classList.remove("no-script");
  const one = (what, where = document) => where.querySelector(what);
  const all = (what, where = document) => [...where.querySelectorAll(what)];
  const typing = (at) => at.closest("input:not([type=checkbox],[type=radio]), textarea, select, [contenteditable=true]");

  const rows = () => all("[data-list] tbody tr");
  const here = () => one("[data-list] tbody tr[data-here]");
  function walk(by) {
    const listed = rows();
    if (!listed.length) return;
    const was = listed.indexOf(here());
    const now = listed[Math.max(0, Math.min(listed.length - 1, was < 0 ? (by > 0 ? 0 : listed.length - 1) : was + by))];
    listed.forEach((row) => row.removeAttribute("data-here"));
    now.setAttribute("data-here", "");
    now.tabIndex = -1;
    now.focus({ preventScroll: true });
    now.scrollIntoView({ block: "nearest" });
  }
  function press(letter) {
    const place = here();
    const wanted = (place && one(`[data-key="${letter}"]`, place)) || one(`[data-key="${letter}"]:not([data-list] *)`);
    if (!wanted) return false;
    wanted.click();
    return true;
  }

  let going = 0;
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const at = event.target instanceof Element ? event.target : document.body;
    if (event.key === "Escape") {
      all(".menu[open]").forEach((menu) => { menu.open = false; one("summary", menu).focus(); });
      if (typing(at)) at.blur();
      return;
    }
    if (typing(at) || one("dialog[open]")) return;
    if (going && Date.now() - going < 1200) {
      going = 0;
      const link = one(`[data-letter="${CSS.escape(event.key)}"]`);
      if (link) { event.preventDefault(); link.click(); }
      return;
    }
    const done = {
      j: () => walk(1), k: () => walk(-1),
      g: () => { going = Date.now(); },
      "/": () => one("[data-search]")?.focus(),
      "?": () => one("#shortcuts")?.showModal(),
      x: () => { const box = here() && one("input[type=checkbox]", here()); if (box) box.click(); },
    }[event.key];
    if (done) { event.preventDefault(); done(); return; }
    if (event.key === "Enter" && here() && !at.closest("a, button, summary, input")) {
      const link = one("[data-open]", here());
      if (link) { event.preventDefault(); link.click(); }
      return;
    }
    if (/^[a-z]$/.test(event.key) && press(event.key)) event.preventDefault();
  });

  function tally(name) {
    const count = all(`input[type=checkbox][name="${name}"]:checked`).length;
    all(`.bulk[data-of="${name}"]`).forEach((bar) => {
      bar.hidden = count === 0;
      all("[data-count]", bar).forEach((place) => { place.textContent = count.toLocaleString(root.lang); });
    });
  }
  document.addEventListener("change", (event) => {
    const box = event.target;
    if (box.dataset?.checkAll) {
      all(`input[type=checkbox][name="${box.dataset.checkAll}"]`).forEach((other) => { other.checked = box.checked; });
      tally(box.dataset.checkAll);
    } else if (box.type === "checkbox") tally(box.name);
    const form = box.closest?.("form[data-changes]");
    if (form) form.requestSubmit();
  });

  document.addEventListener("click", (event) => {
    const at = event.target instanceof Element ? event.target : null;
    if (!at) return;
    const opener = at.closest("[data-dialog]");
    if (opener) { event.preventDefault(); document.getElementById(opener.dataset.dialog)?.showModal(); return; }
    if (at.closest("[data-close]")) { at.closest("dialog")?.close(); at.closest(".told > li")?.remove(); return; }
    if (at.closest("[data-nav]")) { const side = one(".side"); const open = side.toggleAttribute("data-open"); at.closest("[data-nav]").setAttribute("aria-expanded", open); return; }
    all(".menu[open]").forEach((menu) => { if (!menu.contains(at)) menu.open = false; });
  });

  function settle() {
    all(".bulk[data-of]").forEach((bar) => tally(bar.dataset.of));
    all(".told > li:not([data-leaving])").forEach((line) => {
      line.dataset.leaving = "";
      if (!one("form, a", line)) setTimeout(() => line.remove(), 7000);
    });
  }
  document.addEventListener("htmx:afterSettle", settle);
  settle();
})();
