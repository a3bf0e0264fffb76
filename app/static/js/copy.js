// A button beside every value that is meant to be copied; without script a click selects it whole.
"use strict";

const SHOWN_MS = 2000;
for (const value of document.querySelectorAll("[data-copy]")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "btn btn-secondary btn-copy";
  const term = value.closest(".copy-row")?.querySelector("dt")?.firstChild?.textContent.trim();
  const say = (word) => {
    button.textContent = word;
    if (term) button.setAttribute("aria-label", `${word}: ${term}`);
  };
  say("Copy");
  button.addEventListener("click", () => {
    const range = document.createRange();
    range.selectNodeContents(value);
    const selection = window.getSelection();
    selection.removeAllRanges();
    selection.addRange(range);
    // The newer interface needs a permission that an LMS's frame seldom gives.
    if (!document.execCommand("copy")) return;
    say("Copied");
    setTimeout(() => say("Copy"), SHOWN_MS);
  });
  value.after(button);
}
