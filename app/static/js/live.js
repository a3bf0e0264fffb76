// Fragments: status that changes by itself, lists that filter as you choose, figures that come late.
// Every page works without this file.
"use strict";

const EVERY_MS = 5000;
const FRAGMENT = { headers: { "X-Fragment": "1" }, credentials: "same-origin" };

// Answers the fragment's elements, or none: unchanged (204), refused, or the network is down.
const fetchFragment = async (url, signal) => {
  try {
    const answer = await fetch(url, { ...FRAGMENT, signal });
    if (answer.status !== 200) return null;
    const parsed = new DOMParser().parseFromString(await answer.text(), "text/html");
    return [...parsed.body.children];
  } catch {
    return null;
  }
};

// 1. `data-live="URL"`: replaced by what URL answers, every few seconds while the page is seen.
// The new element asks on if it has `data-live` itself; a final state has none, and rests.
const refresh = async () => {
  for (const element of document.querySelectorAll("[data-live]:not(form)")) {
    const fresh = await fetchFragment(element.dataset.live);
    if (fresh?.length && element.isConnected) element.replaceWith(...fresh);
  }
};
let timer = 0;
const schedule = () => {
  clearTimeout(timer);
  if (document.hidden || !document.querySelector("[data-live]:not(form)")) return;
  timer = setTimeout(() => refresh().finally(schedule), EVERY_MS);
};
document.addEventListener("visibilitychange", schedule);
schedule();

// 2. `<form method="get" data-live="ID">`: each change replaces the element ID and the
// address. Its button does the same by loading the page.
const running = new WeakMap();
const filter = async (form) => {
  running.get(form)?.abort();
  const controller = new AbortController();
  running.set(form, controller);
  const url = new URL(form.action);
  url.search = new URLSearchParams(new FormData(form)).toString();
  const list = document.getElementById(form.dataset.live);
  list?.setAttribute("aria-busy", "true");
  const fresh = await fetchFragment(url, controller.signal);
  if (controller.signal.aborted) return;
  list?.removeAttribute("aria-busy");
  if (!fresh?.length) return;
  list?.replaceWith(...fresh);
  history.replaceState(null, "", url);
};
let pause = 0;
for (const form of document.querySelectorAll("form[method=get][data-live]")) {
  form.addEventListener("input", () => {
    clearTimeout(pause);
    pause = setTimeout(() => filter(form), 250);
  });
}

// 3. `data-lazy="URL"`: fetched once, when it comes near the eye.
const near = new IntersectionObserver(
  (entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      near.unobserve(target);
      fetchFragment(target.dataset.lazy).then((fresh) => fresh?.length && target.replaceWith(...fresh));
    }
  },
  { rootMargin: "200px" },
);
for (const element of document.querySelectorAll("[data-lazy]")) near.observe(element);
