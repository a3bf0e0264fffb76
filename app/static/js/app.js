// What HTML cannot do for a page inside an LMS frame.
"use strict";

// A launch is answered with its page: from here on that page's own address counts, so that to
// reload it, or to come back to it, does not send the launch again.
const own = document.querySelector("link[rel=canonical]");
if (own) history.replaceState(null, "", own.href);

// After a failed submit, the list of what went wrong is the first thing to meet.
document.getElementById("error-summary")?.focus();

// A form is sent once, however often its button is pressed. It opens again after a while,
// because an answer that is a download leaves the page standing.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post") return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
  setTimeout(() => delete form.dataset.sent, 5000);
});

// A page of a document that could not be drawn because many were: ask again, later each time.
const drawAgain = (image) => {
  const tried = Number(image.dataset.drawn);
  if (tried >= 6) return;
  image.dataset.drawn = tried + 1;
  setTimeout(() => { image.src = image.src; }, 2000 * (tried + 1));
};
document.addEventListener("error", (event) => {
  if (event.target.matches?.("img[data-drawn]")) drawAgain(event.target);
}, true);
for (const image of document.querySelectorAll("img[data-drawn]")) {
  if (image.complete && image.currentSrc && !image.naturalWidth) drawAgain(image);
}

// Times are written in UTC; a reader wants their own. What was written stays as the tooltip.
const clock = new Intl.DateTimeFormat(document.documentElement.lang || undefined, {
  year: "numeric", month: "short", day: "numeric", hour: "numeric", minute: "2-digit", timeZoneName: "short",
});
const tellTimes = (root) => {
  for (const time of root.querySelectorAll("time[data-moment]")) {
    time.title = time.textContent;
    time.textContent = clock.format(new Date(time.dateTime));
    delete time.dataset.moment;
  }
};
tellTimes(document);
new MutationObserver((changes) => {
  for (const { addedNodes } of changes) {
    for (const node of addedNodes) if (node.querySelectorAll) tellTimes(node.parentNode ?? node);
  }
}).observe(document.body, { childList: true, subtree: true });

// Dates are typed in the reader's own time zone, until another is chosen.
for (const zone of document.querySelectorAll("select[data-own-zone]")) {
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone.value === "UTC" && [...zone.options].some((option) => option.value === own)) zone.value = own;
}

// Ask the LMS for a frame as tall as the page. Those that do not know the message ignore it.
// Panes side by side scroll by themselves, in one screen: else the rubric scrolls away from the work.
if (window.parent !== window) {
  const besides = document.querySelector(".bench-apart") && matchMedia("(min-width: 900px)");
  let told = 0;
  const tell = () => {
    const whole = Math.ceil(document.body.getBoundingClientRect().height) + 1; // a fraction is cut off
    const height = besides?.matches ? Math.min(whole, 900) : whole;
    if (height === told) return;
    told = height;
    // To whoever embeds us: only a height is told, and `frame-ancestors` decides who may embed.
    window.parent.postMessage(JSON.stringify({ subject: "lti.frameResize", height }), "*");
  };
  new ResizeObserver(tell).observe(document.body);
  besides?.addEventListener("change", tell);
  // A page that follows another of ours would open as far down as that one was left.
  const follows = !own && !location.hash && document.referrer.startsWith(`${location.origin}/`);
  if (follows) window.parent.postMessage(JSON.stringify({ subject: "lti.scrollToTop" }), "*");
}
