// What is seen of uploads, and what is remembered of them. `upload.js` sends them.

const MEGABYTE = 1000 * 1000; // as the list of the draft counts

export const fill = (words, values) => words.replace(/\{(\w+)\}/g, (_, name) => values[name]);

const inMegabytes = (bytes) =>
  (bytes / MEGABYTE).toLocaleString(document.documentElement.lang, {
    minimumFractionDigits: 1,
    maximumFractionDigits: 1,
  });

// One file on its way. `words`: of the box, from its data-… attributes.
export class Row {
  constructor(box, name, onstop) {
    this.words = box.dataset;
    this.element = box.querySelector("template").content.firstElementChild.cloneNode(true);
    for (const place of this.element.querySelectorAll("[data-name]")) place.textContent = name;
    this.bar = this.element.querySelector("progress");
    this.bar.setAttribute("aria-label", name);
    this.element.querySelector("button").addEventListener("click", onstop);
    box.querySelector("ul").append(this.element);
  }

  say(text) {
    this.element.querySelector("[data-state]").textContent = text;
  }

  sent(bytes, all) {
    this.bar.value = bytes / all;
    const percent = Math.floor((100 * bytes) / all);
    this.say(fill(this.words.sending, { done: inMegabytes(bytes), all: inMegabytes(all), percent }));
  }

  rest(text) {
    this.bar.remove();
    this.element.querySelector("button").firstChild.textContent = this.words.dismiss;
    this.say(text);
  }

  fail(text) {
    this.element.classList.add("upload-failed");
    this.rest(text);
  }

  remove() {
    this.element.remove();
  }
}

// Which uploads had begun when the page was left: what is remembered is the last part of their
// address, never the address. Storage may be forbidden in a frame: then nothing is remembered.
export const recall = (key) => {
  try {
    return JSON.parse(localStorage.getItem(key) ?? "{}");
  } catch {
    return {};
  }
};

export const remember = (key, id, token) => {
  const { [id]: _old, ...known } = recall(key);
  try {
    localStorage.setItem(key, JSON.stringify(token ? { ...known, [id]: token } : known));
  } catch {
    // It goes on without a reload, too.
  }
};

// Takes anew every part of the page that says `data-fresh`; what is typed elsewhere stays.
export const refresh = async (url) => {
  const answer = await fetch(url).catch(() => null);
  if (!answer?.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const old of document.querySelectorAll("[data-fresh]")) {
    const fresh = page.getElementById(old.id);
    if (fresh) old.replaceWith(fresh);
  }
};
