// Speaks with the page of the LMS around us: what it keeps for us, and how it is asked.
// Source: LTI Client Side postMessages and LTI postMessage Storage (1EdTech, 2022).
const ANSWER_MS = 1000;
const PREFIXES = ["lti.", "org.imsglobal.lti."]; // the second is what older platforms know

// Who shows us: the page around the frame, or the one that opened the window.
export const platform = window.parent === window ? window.opener : window.parent;

// Sends one message and waits for its answer; null if there is none, or an error.
const ask = (target, origin, message) =>
  new Promise((resolve) => {
    const id = Array.from(crypto.getRandomValues(new Uint32Array(4)), String).join("-");
    const finish = (answer) => {
      window.removeEventListener("message", listen);
      clearTimeout(timer);
      resolve(answer);
    };
    const listen = ({ data, origin: from, source }) => {
      if (data?.message_id !== id || data.subject !== `${message.subject}.response`) return;
      if (origin === "*" ? source !== target : from !== origin) return;
      finish(data.error ? null : data);
    };
    const timer = setTimeout(finish, ANSWER_MS, null);
    window.addEventListener("message", listen);
    target.postMessage({ ...message, message_id: id }, origin);
  });

// The window of a frame of the platform's page, by its name.
const windowOf = (frame) => {
  if (!frame || frame === "_parent") return platform;
  try {
    const found = platform.frames[frame];
    return typeof found?.postMessage === "function" ? found : platform;
  } catch {
    return platform;
  }
};

// Answers how the platform keeps values: { target, origin, prefix }; null if it does not.
// What its capabilities say goes before the frame that it named at login. A platform that
// names a frame and does not answer is tried all the same.
export const findStorage = async ({ origin, frame }) => {
  if (!platform) return null;
  const told = await Promise.any(
    PREFIXES.map(async (prefix) => {
      const answer = await ask(platform, "*", { subject: `${prefix}capabilities` });
      return answer ?? Promise.reject(new Error("no answer"));
    }),
  ).catch(() => null);
  if (!told) return frame ? { target: windowOf(frame), origin, prefix: PREFIXES[0] } : null;
  const known = Array.isArray(told.supported_messages) ? told.supported_messages : [];
  for (const prefix of PREFIXES) {
    const put = known.find((item) => item?.subject === `${prefix}put_data`);
    if (put) return { target: windowOf(put.frame ?? frame), origin, prefix };
  }
  return null;
};

// Keeps a value; null takes it away. Answers whether the platform said yes.
export const putData = async ({ target, origin, prefix }, key, value) =>
  (await ask(target, origin, { subject: `${prefix}put_data`, key, value })) !== null;

// Answers the value, or null.
export const getData = async ({ target, origin, prefix }, key) => {
  const answer = await ask(target, origin, { subject: `${prefix}get_data`, key });
  return typeof answer?.value === "string" ? answer.value : null;
};

// Whether the browser may be asked to let us use our cookies here, and whether it said yes before.
export const storageAccess = async () => {
  if (window.parent === window || !document.requestStorageAccess) return "absent";
  if (await document.hasStorageAccess()) return "here";
  try {
    return (await navigator.permissions.query({ name: "storage-access" })).state;
  } catch {
    return "prompt"; // a browser that does not tell
  }
};
