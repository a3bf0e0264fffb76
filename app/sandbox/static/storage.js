// Platform storage: keeps short values for the tool while this page stands, each origin's apart.
// Source: LTI postMessage Storage, LTI Client Side postMessages (1EdTech, 2022).
"use strict";

{
  // `data-keeps`: values are kept here; `data-frame`: the name of the frame that keeps them.
  const { keeps, frame } = document.currentScript.dataset;
  const MAX_LENGTH = 4096;
  const MAX_KEYS = 100;
  const byOrigin = new Map();

  const capabilities = () => {
    const where = frame ? { frame } : {};
    return {
      supported_messages: [
        { subject: "lti.capabilities" },
        { subject: "lti.frameResize" },
        { subject: "lti.scrollToTop" },
        { subject: "lti.put_data", ...where },
        { subject: "lti.get_data", ...where },
      ],
    };
  };
  const isText = (value) => typeof value === "string" && value.length <= MAX_LENGTH;
  const refuse = (message) => ({ error: { code: "bad_request", message } });

  const put = ({ key, value }, origin) => {
    if (!isText(key) || !(value === null || isText(value))) return refuse("No such key or value.");
    const kept = byOrigin.get(origin) ?? new Map();
    byOrigin.set(origin, kept);
    if (value === null) kept.delete(key);
    else if (kept.size < MAX_KEYS || kept.has(key)) kept.set(key, value);
    else return { error: { code: "storage_exhausted", message: "Too many keys." } };
    return { key, value };
  };
  const get = ({ key }, origin) =>
    isText(key) ? { key, value: byOrigin.get(origin)?.get(key) ?? null } : refuse("No such key.");

  const handlers = {
    ...(keeps ? { "lti.put_data": put, "lti.get_data": get } : {}),
    ...(window.parent === window ? { "lti.capabilities": capabilities } : {}),
  };
  window.addEventListener("message", ({ data, origin, source }) => {
    if (typeof data?.subject !== "string" || !Object.hasOwn(handlers, data.subject)) return;
    if (!isText(data.message_id)) return;
    const answer = handlers[data.subject](data, origin);
    source.postMessage(
      { subject: `${data.subject}.response`, message_id: data.message_id, ...answer },
      origin,
    );
  });
}
