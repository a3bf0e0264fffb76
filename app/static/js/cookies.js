// What a script can find out for `/lti/cookies`, and the report as something to copy.
import { findStorage, storageAccess } from "./platform.js";

const row = (key) => document.querySelector(`[data-check="${key}"]`);
const say = (key, isYes) => {
  row(key).dataset.value = isYes ? "yes" : "no";
  for (const word of row(key).querySelectorAll("[data-is]")) {
    word.hidden = word.dataset.is !== row(key).dataset.value;
  }
};
const is = (key) => row(key).dataset.value === "yes";

const verdict = () => {
  if (is("partitioned") || is("plain")) return "works";
  if (!is("framed")) return "off";
  return is("storage") ? "storage" : "tab";
};

const report = document.querySelector("[data-report]");
const write = (access) => {
  const lines = report.textContent.trimEnd().split("\n").filter((line) => line !== "scripts: no");
  const fresh = [
    ["scripts", "yes"],
    ["cross-site", window.location.ancestorOrigins?.length
      ? String([...window.location.ancestorOrigins].some((site) => site !== window.location.origin))
      : "unknown"],
    ["storage of the LMS", row("storage").dataset.value],
    ["storage access", access],
    ["cookies enabled, says the browser", String(navigator.cookieEnabled)],
    ["verdict", verdict()],
  ];
  report.textContent = [...lines, ...fresh.map((pair) => pair.join(": "))].join("\n");
};

const copy = document.querySelector("[data-copy]");
const said = document.querySelector("[data-copied]");
copy.addEventListener("click", async () => {
  window.getSelection().selectAllChildren(report);
  const isDone = await navigator.clipboard.writeText(report.textContent).then(
    () => true,
    () => document.execCommand("copy"),
  );
  said.textContent = isDone ? said.dataset.copied : said.dataset.notCopied;
});

say("framed", window.parent !== window);
const [storage, access] = await Promise.all([
  findStorage({ origin: "*", frame: "" }),
  storageAccess(),
]);
say("storage", storage !== null);
say("access", ["prompt", "granted", "here"].includes(access));
for (const each of document.querySelectorAll("[data-verdict]")) {
  each.hidden = each.dataset.verdict !== verdict();
}
write(access);
copy.hidden = false;
