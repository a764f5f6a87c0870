/* The guided start and its settings: the end of a letter as it is typed, the fields a provider asks for, a button that
   shows that it is at work. Without it all fields are shown and everything works the same. */
"use strict";
(() => {
  const all = (what, where = document) => [...where.querySelectorAll(what)];
  const field = (name) => document.querySelector(`[name="${name}"]`);

  for (const place of all("[data-mirrors]")) {
    const source = field(place.dataset.mirrors);
    source?.addEventListener("input", () => { place.textContent = source.value || (source.required ? "…" : ""); });
  }
  const signoff = document.querySelector("[data-signoff]");
  field("language")?.addEventListener("change", (event) => { if (signoff) signoff.textContent = signoff.dataset[event.target.value] || ""; });

  const choices = all('input[name="provider"]');
  const show = () => {
    const chosen = choices.find((one) => one.checked)?.value || "";
    for (const part of all("[data-provider]")) part.hidden = part.dataset.provider !== chosen;
  };
  if (choices.length) {
    choices.forEach((one) => one.addEventListener("change", show));
    show();
  }

  const testing = field("testing");
  const testTo = field("test_to")?.closest(".field");
  if (testing && testTo) {
    const follow = () => { testTo.hidden = !testing.checked; };
    testing.addEventListener("change", follow);
    follow();
  }

  for (const form of all("form")) {
    form.addEventListener("submit", (event) => {
      const button = event.submitter;
      if (!button?.dataset.busy) return;
      button.textContent = button.dataset.busy;
      button.setAttribute("aria-disabled", "true");
      form.addEventListener("submit", (again) => again.preventDefault());
    });
  }
})();
