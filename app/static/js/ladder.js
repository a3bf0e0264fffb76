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

// After the launch came without our cookie: it may be there now, or the platform has the secret.
const prove = async (page) => {
  const { origin, frame, key, seen } = page.dataset;
  if ((await answers(seen)).here) return "";
  if ((await storageAccess()) === "granted") {
    await document.requestStorageAccess().catch(() => null);
    if ((await answers(seen)).here) return "";
  }
  const storage = key ? await findStorage({ origin, frame }) : null;
  const secret = storage ? await getData(storage, key) : null;
  if (secret) putData(storage, key, null); // it has done its work; nobody waits for this
  return secret;
};

// Our cookies, if the person lets the browser give them: then the login begins again, here.
const offerAccess = async (page) => {
  if (!["prompt", "granted"].includes(await storageAccess())) return;
  const asking = page.querySelectorAll("[data-ask]");
  for (const element of asking) element.hidden = false;
  page.querySelector("button[data-ask]").addEventListener("click", async () => {
    const allowed = await document.requestStorageAccess().then(() => true, () => false);
    if (allowed) await answers(page.dataset.try, "POST");
    if (allowed && (await answers(page.dataset.seen)).any) {
      window.location.assign(page.dataset.again);
      return;
    }
    for (const element of asking) element.hidden = true;
    page.querySelector("[data-refused]").textContent = page.dataset.sorry;
  });
};

const wait = async (page) => {
  page.dataset.wait = "proving";
  const secret = await prove(page);
  if (secret !== null) {
    const form = page.querySelector("form[data-continue]");
    form.elements.secret.value = secret;
    form.submit();
    return;
  }
  page.dataset.wait = "failed";
  await offerAccess(page);
};

const storing = document.querySelector("[data-store]");
if (storing) store(storing);
const waiting = document.querySelector("[data-wait]");
if (waiting) wait(waiting);
