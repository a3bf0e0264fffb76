// While work is assessed: what is filled in saves itself, and others see that somebody is here.
// A module, so that its names are its own.

const SAVE_PAUSE_MS = 1500;
const BEAT_MS = 15000;
const desk = document.getElementById("assess-form");
const said = document.getElementById("draft-state");

const tellClock = (root) => {
  for (const time of root.querySelectorAll("time[data-clock]")) {
    const format = { hour: "numeric", minute: "2-digit" };
    time.textContent = new Date(time.dateTime).toLocaleTimeString(document.documentElement.lang, format);
  }
};
const post = (url, body, more = {}) => fetch(url, {
  method: "POST", body: new URLSearchParams(body), headers: { "X-Fragment": "1" }, ...more,
});

// One save after the other: each needs to know the revision that the one before it made.
let running = Promise.resolve();
let isOver = false; // the work has moved on, another window was faster, or the form is being sent
const fill = () => {
  const filled = new URLSearchParams(new FormData(desk));
  filled.delete("draft_revision");
  return String(filled);
};
// What was sent to be recorded and came back with problems is not saved yet.
let kept = desk && !document.getElementById("error-summary") ? fill() : "";
const save = async (more) => {
  const sent = fill();
  if (isOver || sent === kept) return;
  try {
    const answer = await post(desk.dataset.draft, new FormData(desk), more);
    const words = await answer.text();
    const isFragment = !words.includes("<html");
    if (isFragment) said.innerHTML = words;
    else said.textContent = desk.dataset.unsaved;
    isOver = isFragment && !answer.ok;
    if (!answer.ok) return;
    kept = sent;
    desk.elements.draft_revision.value = said.querySelector("[data-revision]").dataset.revision;
    tellClock(said);
  } catch {
    said.textContent = desk.dataset.unsaved;
  }
};
const saveNow = (more) => { clearTimeout(pause); running = running.then(() => save(more)); };
let pause;
const later = () => { clearTimeout(pause); pause = setTimeout(saveNow, SAVE_PAUSE_MS); };

// Who else is here; told only while the page is seen.
const beat = async () => {
  if (document.hidden) return;
  try {
    const answer = await post(desk.dataset.presence, { csrf_token: desk.elements.csrf_token?.value ?? "" });
    const present = document.getElementById("present");
    const words = answer.ok ? await answer.text() : present.innerHTML;
    if (words.trim() !== present.innerHTML.trim()) present.innerHTML = words;
  } catch { /* the next beat may come through */ }
};

if (desk) {
  desk.addEventListener("input", later);
  desk.addEventListener("save-now", () => saveNow());
  desk.addEventListener("submit", () => { isOver = true; clearTimeout(pause); });
  document.addEventListener("visibilitychange", () => { if (document.hidden) saveNow({ keepalive: true }); });
  tellClock(said);
  if (!kept) later();
  beat();
  setInterval(beat, BEAT_MS);
}
