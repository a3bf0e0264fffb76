// Files that are chosen or dropped are sent at once, one after the other, into the draft.
import { end, Refusal, send } from "./tus.js";
import { fill, recall, refresh, remember, Row } from "./upload_rows.js";

const underWay = new Set();
let pressed = null; // the button that waits until all is sent
const start = (box) => {
  const words = box.dataset;
  const input = document.getElementById(words.field);
  const field = input.closest(".field");
  const { form } = input;
  const token = form.elements.csrf_token?.value ?? "";
  const [, number] = words.page.match(/\/assignments\/(\d+)\//);
  const key = `assay-uploads:${number}`;
  const pending = new Map(); // rows of what was sent before the page was loaded
  let line = Promise.resolve();
  const say = (text, values) => (box.querySelector("[role=status]").textContent = fill(text, values));
  const addressOf = (id) => recall(key)[id] && `${words.url}/${recall(key)[id]}`;
  const forget = (id, row, place) => {
    if (place) end(place, token);
    remember(key, id, null);
    row.remove();
  };
  const add = (file) => {
    const { name, size } = file;
    const id = [name, size, file.lastModified, words.criterion].join("|");
    const stop = new AbortController();
    let place = addressOf(id);
    const row = new Row(box, name, () => {
      stop.abort();
      underWay.delete(stop);
      forget(id, row, place);
      input.focus();
    });
    pending.get(id)?.remove();
    row.say(words.waiting);
    underWay.add(stop);
    const go = async () => {
      if (stop.signal.aborted) return;
      say(words.begun, { name });
      await send(file, {
        ...{ url: words.url, criterion: words.criterion, token, place, signal: stop.signal },
        onplace: (found) => remember(key, id, (place = found).split("/").pop()),
        onsent: (bytes) => row.sent(bytes, size),
        onbroken: () => (row.say(words.broken), say(words.broken)),
      });
      if (stop.signal.aborted) return;
      forget(id, row);
      await refresh(words.page);
      say(words.done, { name });
    };
    const fail = (error) => {
      if (!error.isForNow) remember(key, id, (place = null)); // nothing is there to be taken away
      pressed = null;
      row.fail((error instanceof Refusal && error.message) || words.refused);
      say(words.failed, { name });
    };
    const done = () => (underWay.delete(stop), !underWay.size && pressed && form.requestSubmit(pressed));
    line = line.then(go).catch(fail).finally(done);
  };
  input.addEventListener("change", () => ([...input.files].forEach(add), (input.value = "")));
  for (const [name, isOver] of [["dragover", true], ["dragleave", false], ["drop", false]]) {
    field.addEventListener(name, (event) => {
      event.preventDefault();
      field.classList.toggle("upload-over", isOver);
      if (name === "drop") [...event.dataTransfer.files].forEach(add);
    });
  }
  form.addEventListener("submit", (event) => {
    if (underWay.size) (event.preventDefault(), (pressed = event.submitter), say(words.busy));
  });
  for (const id of Object.keys(recall(key)).filter((id) => id.endsWith(`|${words.criterion}`))) {
    const row = new Row(box, id.split("|")[0], () => (forget(id, row, addressOf(id)), input.focus()));
    row.rest(words.interrupted);
    pending.set(id, row);
  }
  box.hidden = false;
};
document.querySelectorAll("[data-upload]").forEach(start);
window.addEventListener("beforeunload", (event) => underWay.size && event.preventDefault());
