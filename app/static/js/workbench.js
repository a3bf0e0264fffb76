// Single keys of the workbench. None acts while somebody types; all can be switched off (WCAG 2.1.4). A module.

const SWITCH = "assay_keys";
const form = document.getElementById("assess-form");
const help = document.getElementById("keys");
const button = document.getElementById("keys-switch");
const rubrics = [...document.querySelectorAll("#assess-form .rubric")];
let at = -1; // the criterion that was worked on last

// In a cookie of this frame alone; where a browser keeps none, it lasts as long as the page.
const isOff = (value) => {
  try {
    if (value) document.cookie = `${SWITCH}=${value}; Max-Age=31536000; Path=/; SameSite=None; Secure; Partitioned`;
    return document.cookie.includes(`${SWITCH}=off`);
  } catch { return false; }
};
const show = (element) => { element?.focus(); element?.scrollIntoView({ block: "nearest" }); };
const radiosOf = (rubric) => [...rubric.querySelectorAll("input[type=radio]")];
const enter = (index) => {
  at = Math.max(0, Math.min(index, rubrics.length - 1));
  const radios = radiosOf(rubrics[at]);
  rubrics[at].scrollIntoView({ block: "nearest" });
  show(radios.find((radio) => radio.checked) ?? radios[0]);
};
const current = () => rubrics[Math.max(at, 0)];
const follow = (rel) => document.querySelector(`.bench-steps a[rel=${rel}]`)?.click();
const choose = (number) => {
  const radio = radiosOf(current())[number - 1];
  if (!radio) return;
  at = Math.max(at, 0);
  radio.click();
  show(radio);
};
const decide = () => {
  const decisions = [...form.querySelectorAll("input[name=decision]")];
  show(decisions.find((radio) => radio.checked) ?? decisions[0]);
};
const KEYS = {
  j: () => enter(at + 1),
  k: () => enter(at - 1),
  c: () => show(current().querySelector("textarea")),
  b: () => show(current().querySelector("select")),
  d: decide,
  n: () => show(form.elements.reason),
  s: () => form.dispatchEvent(new Event("save-now")),
  g: () => show(document.getElementById("work-heading")),
  "[": () => follow("prev"),
  "]": () => follow("next"),
  "?": () => { help.open = true; show(help.querySelector("summary")); },
};

const press = (event) => {
  const { key, target } = event;
  const isTyping = target.matches("textarea, select, input:not([type=radio], [type=checkbox])");
  if (key === "Enter" && (event.ctrlKey || event.metaKey)) return form.requestSubmit(document.getElementById("record"));
  if (key === "Escape" && isTyping && target.closest(".rubric")) return enter(at);
  if (isTyping || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return false;
  if (button.getAttribute("aria-pressed") !== "true") return false;
  const act = /^[1-9]$/.test(key) ? () => choose(Number(key)) : KEYS[key];
  if (act) event.preventDefault();
  return act?.();
};

if (form) {
  help.hidden = false;
  if (isOff()) button.setAttribute("aria-pressed", "false");
  button.addEventListener("click", () => {
    const isOn = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", String(isOn));
    isOff(isOn ? "on" : "off");
  });
  form.addEventListener("focusin", ({ target }) => {
    const index = rubrics.indexOf(target.closest(".rubric"));
    if (index >= 0) at = index;
  });
  document.addEventListener("keydown", press);
}
