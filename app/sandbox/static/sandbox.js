// What HTML cannot do alone: forms that send themselves, and a frame as tall as the tool asks.
"use strict";

document.querySelector("form[data-send-now]")?.submit();
document.querySelector("a[data-follow-now]")?.click();

// A whole page of the LMS that finds itself inside its own frame takes the window's place.
if (document.body.dataset.page === "whole" && window.top !== window) {
  window.top.location.replace(window.location.href);
}

const toolFrame = document.querySelector("iframe[data-tool-frame]");
if (toolFrame) {
  window.addEventListener("message", (event) => {
    if (event.source !== toolFrame.contentWindow) return;
    let message = event.data;
    try {
      if (typeof message === "string") message = JSON.parse(message);
    } catch {
      return; // not for us
    }
    if (message?.subject === "org.imsglobal.lti.close" && toolFrame.dataset.closeUrl) {
      window.location.assign(toolFrame.dataset.closeUrl);
      return;
    }
    if (message?.subject === "lti.scrollToTop") {
      toolFrame.scrollIntoView();
      return;
    }
    if (message?.subject !== "lti.frameResize" || !(message.height > 0)) return;
    toolFrame.style.height = `${Math.min(Math.ceil(message.height), 20000)}px`;
  });
}
