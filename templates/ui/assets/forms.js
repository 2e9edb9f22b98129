// Writes to the API: one key for one intention, so that however often it is
// sent it happens once; what the API refuses is said where it was asked.

import { refresh } from "./morph.js";

const words = () => document.getElementById("words").dataset;

/** The words for a problem document. */
export function explain(problem) {
  const slug = (problem.type || "").split(":").pop();
  const key = "problem" + slug.replace(/(^|-)(.)/g, (_, dash, letter) => letter.toUpperCase());
  const known = words()[key];
  const detail = problem.detail || problem.title || words().failed;
  return known && known !== detail ? `${known} ${detail}` : detail;
}

/** Sends JSON; the answer, or a thrown problem document. */
export async function send(address, body, key) {
  let answer;
  try {
    answer = await fetch(address, {
      method: "POST",
      credentials: "same-origin",
      headers: { "content-type": "application/json", "idempotency-key": key, "x-offercast-csrf": "1" },
      body,
    });
  } catch {
    throw { detail: words().failed };
  }
  const value = await answer.json().catch(() => ({}));
  if (!answer.ok) throw value;
  return value;
}

const done = {
  refresh: () => refresh(),
  reload: () => location.reload(),
  version: (value) => location.assign(value.revision ? `/versions/${value.revision}` : location.href),
  audit: (value) => location.assign(`/verify?audit=${encodeURIComponent(value.id)}`),
};

const keys = new WeakMap();

async function submit(form) {
  const fields = Object.fromEntries(new FormData(form));
  const bare = form.dataset.api === "/v1/resume";
  const body = bare ? undefined : JSON.stringify(fields);
  const known = keys.get(form);
  const key = known && known.body === body ? known.key : crypto.randomUUID();
  keys.set(form, { body, key });
  const error = form.querySelector(".form-error");
  const button = form.querySelector("button");
  error.textContent = "";
  button.setAttribute("aria-busy", "true");
  button.disabled = true;
  try {
    const value = await send(form.dataset.api, body, key);
    keys.delete(form);
    done[form.dataset.then](value);
  } catch (problem) {
    error.textContent = explain(problem);
  } finally {
    button.disabled = false;
    button.removeAttribute("aria-busy");
  }
}

document.addEventListener("submit", (event) => {
  if (!event.target.matches("form[data-api]")) return;
  event.preventDefault();
  submit(event.target);
});
