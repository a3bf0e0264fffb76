// Fragments: status that changes, lists that filter, figures that come late. No page needs it.
"use strict";

const EVERY_MS = 5000;
const FILTER_PAUSE_MS = 250;
const POLLED = "[data-live]:not(form)";

// Answers the fragment's elements, or none: unchanged (204), refused, or the network is down.
const fetchFragment = async (url, signal) => {
  try {
    const answer = await fetch(url, { headers: { "X-Fragment": "1" }, signal });
    if (answer.status !== 200) return [];
    const parsed = new DOMParser().parseFromString(await answer.text(), "text/html");
    return [...parsed.body.children];
  } catch {
    return [];
  }
};

// Puts fresh elements in the place of an old one; who stood inside with the keyboard, stays.
const swap = (old, fresh) => {
  if (!old?.isConnected || !fresh.length) return false;
  const focused = old.contains(document.activeElement) ? document.activeElement.id : "";
  old.replaceWith(...fresh);
  if (focused) document.getElementById(focused)?.focus();
  start();
  return true;
};

// 1. `data-live="URL"`: replaced by what URL answers, every few seconds while the page is seen.
// The new element asks on if it has `data-live` itself; a final state has none, and rests.
const refresh = async () => {
  for (const element of document.querySelectorAll(POLLED)) {
    swap(element, await fetchFragment(element.dataset.live));
  }
};
let timer;
const schedule = () => {
  clearTimeout(timer);
  if (document.hidden || !document.querySelector(POLLED)) return;
  timer = setTimeout(() => refresh().finally(schedule), EVERY_MS);
};

// 2. `<form method="get" data-live="ID">`: each change replaces the element ID and the address.
// The form's button does the same by loading the page.
let pause;
let running = new AbortController();
const filter = async (form) => {
  running.abort();
  running = new AbortController();
  const { signal } = running;
  const list = document.getElementById(form.dataset.live);
  const url = new URL(form.action);
  url.search = new URLSearchParams(new FormData(form)).toString();
  list?.setAttribute("aria-busy", "true");
  const fresh = await fetchFragment(url, signal);
  if (signal.aborted) return;
  list?.removeAttribute("aria-busy");
  if (swap(list, fresh)) history.replaceState(null, "", url);
};
document.addEventListener("input", ({ target }) => {
  const form = target.form;
  if (form?.method !== "get" || !form.dataset.live) return;
  clearTimeout(pause);
  pause = setTimeout(() => filter(form), FILTER_PAUSE_MS);
});

// 3. `data-lazy="URL"`: fetched once, when it comes near the eye.
const show = async ({ isIntersecting, target }) => {
  if (!isIntersecting) return;
  near.unobserve(target);
  swap(target, await fetchFragment(target.dataset.lazy));
};
const near = new IntersectionObserver((entries) => entries.forEach(show), { rootMargin: "200px" });
const start = () => {
  schedule();
  for (const element of document.querySelectorAll("[data-lazy]")) near.observe(element);
};
document.addEventListener("visibilitychange", schedule);
start();
