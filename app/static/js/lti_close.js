// Let the LMS close the window or frame in which it opened the registration.
// Source: LTI Dynamic Registration 1.0, "org.imsglobal.lti.close"; Canvas also knows "lti.close".
"use strict";

const READ_MS = 8000;
const lms = window.opener ?? (window.parent === window ? null : window.parent);
const close = () => {
  for (const subject of ["org.imsglobal.lti.close", "lti.close"]) lms.postMessage({ subject }, "*");
};
const place = document.querySelector("[data-lti-close]");
if (lms && place) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "btn btn-primary";
  button.textContent = place.dataset.words;
  button.addEventListener("click", close);
  place.replaceChildren(button);
  setTimeout(close, READ_MS); // time enough to read; the button need not wait
}
