/* A file is sent as soon as it is dropped or chosen, and says how much of it has arrived. Without this the form has a button. */
"use strict";
document.querySelectorAll("form[data-drop]").forEach((form) => {
  const input = form.querySelector("input[type=file]");
  const wrong = form.querySelector("[data-wrong]");
  const sending = form.querySelector("[data-sending]");
  const bar = sending.querySelector("progress");
  const send = form.querySelector("[data-send]");

  const refuse = (words) => {
    wrong.textContent = words;
    wrong.hidden = false;
    sending.hidden = true;
    send.hidden = false;
    form.removeAttribute("data-over");
    input.value = "";
  };
  const begin = () => {
    if (!input.files.length) return;
    wrong.hidden = true;
    const size = Array.from(input.files).reduce((sum, file) => sum + file.size, 0);
    if (size > Number(form.dataset.most) * 1024 * 1024) { refuse(form.dataset.large); return; }
    const request = new XMLHttpRequest();
    request.open("POST", form.action);
    request.setRequestHeader("X-Requested-With", "XMLHttpRequest");
    request.upload.onprogress = (event) => { if (event.lengthComputable) { bar.max = event.total; bar.value = event.loaded; } };
    request.onload = () => {
      if (request.status === 201) window.location.assign(request.responseText);
      else refuse(request.status === 413 ? form.dataset.large : form.dataset.failed);
    };
    request.onerror = () => refuse(form.dataset.failed);
    sending.hidden = false;
    send.hidden = true;
    request.send(new FormData(form));
  };

  send.hidden = true;
  form.addEventListener("submit", (event) => { event.preventDefault(); begin(); });
  input.addEventListener("change", begin);
  form.addEventListener("dragover", (event) => { event.preventDefault(); form.setAttribute("data-over", ""); });
  form.addEventListener("dragleave", () => form.removeAttribute("data-over"));
  form.addEventListener("drop", (event) => {
    event.preventDefault();
    form.removeAttribute("data-over");
    if (event.dataTransfer.files.length) { input.files = event.dataTransfer.files; begin(); }
  });
});
