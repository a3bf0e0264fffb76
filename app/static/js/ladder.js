// A login and a launch in a browser that keeps our cookies from us: other ways in.
import { findStorage, getData, putData, storageAccess } from "./platform.js";

const answers = async (url, method = "GET") => {
  try {
    return await (await fetch(url, { method })).json();
  } catch {
    return {};
  }
};

// Before the login goes on: the secret goes into the platform's storage.
const store = async (page) => {
  const { origin, frame, key, value } = page.dataset;
  const storage = await findStorage({ origin, frame });
  if (storage) await putData(storage, key, value);
  window.location.replace(page.querySelector("[data-go]").href);
};

// Whether the browser gives us our cookies here now; it asks its person if it has not yet.
const isAllowed = async (page) => {
  const allowed = await document.requestStorageAccess().then(() => true, () => false);
  if (!allowed) return false;
  await answers(page.dataset.try, "POST");
  return Boolean((await answers(page.dataset.seen)).any);
};

// After the launch came without our cookie: is it there now, or has the platform our secret?
// Answers the secret, "" where the cookie is there, null where there is nothing.
const findProof = async (page, isGranted) => {
  const { origin, frame, key, seen } = page.dataset;
  if ((await answers(seen)).here) return "";
  if (isGranted) {
    await document.requestStorageAccess().catch(() => null);
    if ((await answers(seen)).here) return "";
  }
  const storage = key ? await findStorage({ origin, frame }) : null;
  const secret = storage ? await getData(storage, key) : null;
  if (secret) putData(storage, key, null); // it has done its work; nobody waits for this
  return secret;
};

// A button that asks for our cookies; then the login begins again, here.
const offerAccess = (page) => {
  const asking = page.querySelectorAll("[data-ask]");
  for (const element of asking) element.hidden = false;
  page.querySelector("button[data-ask]").addEventListener("click", async () => {
    if (await isAllowed(page)) {
      window.location.replace(page.dataset.again);
      return;
    }
    for (const element of asking) element.hidden = true;
    page.querySelector("[data-refused]").textContent = page.dataset.sorry;
  });
};

const wait = async (page) => {
  page.dataset.wait = "proving";
  const access = await storageAccess();
  const isGranted = ["granted", "here"].includes(access);
  const proof = await findProof(page, isGranted);
  if (proof !== null) {
    const form = page.querySelector("form[data-continue]");
    form.elements.secret.value = proof;
    form.submit();
  } else if (isGranted && !(await answers(page.dataset.seen)).any && (await isAllowed(page))) {
    // By itself once, not in a circle: the cookies on trial stay for two minutes.
    window.location.replace(page.dataset.again);
  } else {
    page.dataset.wait = "failed";
    if (isGranted || access === "prompt") offerAccess(page);
  }
};

const storing = document.querySelector("[data-store]");
if (storing) store(storing);
const waiting = document.querySelector("[data-wait]");
if (waiting) wait(waiting);
