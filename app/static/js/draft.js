// A draft saves itself: after two seconds of rest, and on leaving. Without script there is a button.
"use strict";
{ // a block: other scripts of the page have names of their own
  const REST_MS = 2000;
  const AGAIN_MS = 10000;
  const form = document.querySelector("form[data-draft]");
  const state = document.getElementById("draft-state");
  let timer;
  let running; // the one request that is on its way
  let isChanged = false;
  let isLeaving = false;
  let isStopped = !form;

  const say = (words) => { if (state.textContent !== words) state.textContent = words; };
  const clockTime = () => new Date().toLocaleTimeString(document.documentElement.lang || undefined, { hour: "numeric", minute: "2-digit" });
  const typed = () => {
    const data = new FormData(form);
    for (const [name, value] of [...data]) if (value instanceof File) data.delete(name);
    return data;
  };
  // What the tool said: kept, kept in part, or changed elsewhere. Anything else is a refusal.
  const read = async (answer) => {
    const isOurs = answer.headers.get("Content-Type")?.startsWith("application/json");
    if (!isOurs) {
      isChanged = isStopped = true;
      return say(answer.status === 401 ? form.dataset.ended : form.dataset.refused);
    }
    const said = await answer.json();
    if (said.conflict) {
      isStopped = true;
      document.getElementById("draft-conflict").innerHTML = said.conflict;
      return say(document.querySelector("#draft-conflict .callout-title").textContent);
    }
    form.elements.seen.value = said.seen;
    const words = said.problems.length ? form.dataset.partly : form.dataset.saved;
    say([words.replace("{time}", clockTime()), ...said.problems].join(" "));
  };  const send = async () => {
    clearTimeout(timer);
    if (!isChanged || isStopped) return;
    isChanged = false;
    try {
      await read(await fetch(form.dataset.draft, { method: "POST", body: typed(), keepalive: isLeaving }));
    } catch {
      isChanged = true;
      say(form.dataset.offline);
      timer = setTimeout(save, AGAIN_MS);
    }
  };
  const save = () => {
    const mine = (running ?? Promise.resolve()).then(send).finally(() => { if (running === mine) running = undefined; });
    return (running = mine);
  };

  form?.addEventListener("input", ({ target }) => {
    if (target.type === "file" || target.type === "checkbox") return;
    if (isStopped && state.textContent === form.dataset.ended) isStopped = false; // perhaps there is a new session
    isChanged = true;
    clearTimeout(timer);
    timer = setTimeout(save, REST_MS);
  });
  addEventListener("online", () => { if (isChanged) save(); });
  addEventListener("pagehide", () => { isLeaving = true; save(); });
  addEventListener("beforeunload", (event) => {
    if (isChanged && !form.dataset.sent && state.textContent === form.dataset.offline) event.preventDefault();
  });

  // A press waits for what is on its way, so that it does not look like another window's.
  form?.addEventListener("submit", async (event) => {
    const { submitter } = event;
    const box = !isStopped && submitter?.dataset.preview && document.getElementById(submitter.dataset.preview);
    if (!running && !box) return void (isChanged = false);
    event.preventDefault();
    event.stopPropagation(); // app.js would take it for the form's one sending
    if (box) isChanged = true;
    await (box ? save() : running);
    if (!box || isStopped) return setTimeout(() => form.requestSubmit(submitter)); // not within this event
    const answer = await fetch(`${form.action}?preview=${submitter.value}`, { headers: { "X-Fragment": "1" } });
    if (answer.ok) box.innerHTML = await answer.text();
  });
}
