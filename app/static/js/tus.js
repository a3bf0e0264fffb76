// One file, sent piece by piece over the tus protocol; it goes on where the line broke.

const PIECE_BYTES = 8 * 1024 * 1024;
const PIECE_TYPE = "application/offset+octet-stream";
const LONGEST_WAIT_MS = 30000;
const SILENT_MS = 120000;
const NEVER = [410, 413, 415, 422];
const FINAL = [400, 401, 403, 409, 411, 412, ...NEVER];

// What the tool will not take; the message is for the person, empty if there is none.
export class Refusal extends Error {
  constructor({ status, responseText }) {
    super(/^\s*\{/.test(responseText) ? JSON.parse(responseText).detail : "");
    this.isForNow = !NEVER.includes(status); // else what arrived is kept, and may be taken later
  }
}

// Resolves with the finished request; one that met a broken line has the status 0.
const ask = (method, url, headers, { body, signal, onsent } = {}) =>
  new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.open(method, url);
    request.timeout = SILENT_MS;
    const all = { "Tus-Resumable": "1.0.0", ...headers };
    for (const [name, value] of Object.entries(all)) request.setRequestHeader(name, value);
    if (onsent) request.upload.onprogress = ({ loaded }) => onsent(loaded);
    request.onloadend = () => resolve(request);
    signal?.addEventListener("abort", () => request.abort(), { once: true });
    request.send(body);
  });

// Ends early when the line is back, or when nobody waits any more.
const pause = (milliseconds, signal) =>
  new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
    window.addEventListener("online", resolve, { once: true });
    signal.addEventListener("abort", resolve, { once: true });
  });

const base64 = (text) => btoa(String.fromCharCode(...new TextEncoder().encode(text)));
const offsetOf = (request) => request.getResponseHeader("Upload-Offset");

// Forgets an upload; the tool tidies it away.
export const end = (place, token) => ask("DELETE", place, { "X-CSRFToken": token });

// `to`: url, token, criterion, place (of an upload that had begun), signal, and what wants to be
// told: onplace, onsent (bytes), onbroken. Throws a `Refusal`; returns early if it was aborted.
export const send = async (file, { url, token, criterion, place, signal, ...tell }) => {
  let arrived = null; // in bytes; `null`: ask how much it is
  let failures = 0;
  for (let isDone = false; !isDone && !signal.aborted; ) {
    let request;
    if (!place) {
      const about = `filename ${base64(file.name)}${criterion ? `,criterion ${base64(criterion)}` : ""}`;
      const headers = { "Upload-Length": file.size, "Upload-Metadata": about, "X-CSRFToken": token };
      request = await ask("POST", url, headers, { signal });
      if (request.status === 404) throw new Refusal(request);
      if (request.status === 201) tell.onplace((place = request.getResponseHeader("Location")));
      arrived = 0;
    } else if (arrived === null) {
      request = await ask("HEAD", place, {}, { signal });
      if (request.status === 404) place = null; // it has run out: from the beginning
      if (request.status === 200) tell.onsent((arrived = Number(offsetOf(request))));
    } else {
      const from = arrived;
      const headers = { "Content-Type": PIECE_TYPE, "Upload-Offset": from, "X-CSRFToken": token };
      const body = file.slice(from, from + PIECE_BYTES); // an empty one has it looked at again
      request = await ask("PATCH", place, headers, { body, signal, onsent: (count) => tell.onsent(from + count) });
      arrived = request.status === 204 ? Number(offsetOf(request)) : null;
      isDone = arrived === file.size;
    }
    if (FINAL.includes(request.status) && !offsetOf(request)) throw new Refusal(request);
    if (request.status >= 200 && request.status < 300) failures = 0;
    else if (!signal.aborted) {
      if (!request.status) await file.slice(0, 1).arrayBuffer(); // throws if the file is gone
      tell.onbroken();
      await pause(Math.min(1000 * 2 ** failures++, LONGEST_WAIT_MS), signal);
    }
  }
};
