// The edit panel: look at what a change would do, then publish just that.
// The server turns the form into changes and gives them a key; while the form
// stays as it is the key stays too, so a double click makes one version.

import { refresh } from "./morph.js";
import { explain, send } from "./forms.js";

const words = () => document.getElementById("words").dataset;
const drafts = new WeakMap();

const state = (form) => new URLSearchParams(new FormData(form)).toString();

function clearErrors(form) {
  for (const text of form.querySelectorAll(".field-error")) text.textContent = "";
  for (const field of form.querySelectorAll("[aria-invalid]")) field.removeAttribute("aria-invalid");
}

/** Says an error at its field; false where there is no such field. */
function sayAt(form, name, reason) {
  const field = name && form.elements[name];
  const prefix = form.elements.what.value;
  const text = name && form.querySelector(`#${prefix}-${CSS.escape(name)}-error`);
  if (!text) return false;
  text.textContent = reason;
  if (field && field.setAttribute) field.setAttribute("aria-invalid", "true");
  return true;
}

function say(form, text, kind) {
  const line = document.createElement("p");
  line.className = kind;
  line.textContent = text;
  put(form, [line]);
}

/** Puts an answer below the form and into sight: the panel scrolls by itself. */
function put(form, nodes) {
  const output = form.querySelector("[data-output]");
  output.replaceChildren(...nodes);
  output.scrollIntoView({ block: "nearest" });
}

/** Asks what the form would do and shows it; the draft, if it is acceptable. */
async function draft(form) {
  const now = state(form);
  const known = drafts.get(form);
  if (known && known.state === now) return known;
  clearErrors(form);
  const answer = await fetch(form.dataset.draft, {
    method: "POST",
    credentials: "same-origin",
    headers: { "content-type": "application/x-www-form-urlencoded", "x-offercast-csrf": "1" },
    body: now,
  });
  const type = answer.headers.get("content-type") || "";
  if (!type.startsWith("text/html")) throw await answer.json();
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const error of page.querySelectorAll("[data-field]")) {
    if (sayAt(form, error.dataset.field, error.textContent)) error.remove();
  }
  put(form, page.body.children);
  const first = form.querySelector("[aria-invalid]");
  if (first) first.focus();
  const ready = form.querySelector("[data-publish]");
  if (!ready) return null;
  const made = { state: now, key: ready.dataset.key, body: ready.value };
  drafts.set(form, made);
  return made;
}

async function publish(form, made) {
  const value = await send("/v1/changes", made.body, made.key);
  drafts.delete(form);
  const said = value.revision
    ? words().recorded.replace("{version}", value.revision)
    : words().nothing;
  say(form, said, "recorded");
  await refresh();
}

/** Errors of `changes[0].…` belong to fields of the form. */
function refuse(form, problem) {
  say(form, explain(problem), "form-error");
  for (const error of problem.errors || []) {
    const name = ["amount", "from", "until"].find((part) => (error.field || "").includes(part));
    sayAt(form, name, error.reason);
  }
}

async function act(form, button) {
  const buttons = form.querySelectorAll("button");
  buttons.forEach((one) => (one.disabled = true));
  button.setAttribute("aria-busy", "true");
  try {
    const made = await draft(form);
    if (made && button.value === "publish") await publish(form, made);
  } catch (problem) {
    refuse(form, problem instanceof Error ? { detail: words().failed } : problem);
  } finally {
    buttons.forEach((one) => (one.disabled = false));
    button.removeAttribute("aria-busy");
  }
}

/** Times and labels are those of the chosen market. */
function follow(form) {
  const chosen = form.elements.place.selectedOptions[0];
  if (!chosen) return;
  form.querySelector("[data-zone-name]").textContent = chosen.dataset.zone;
  for (const unit of form.querySelectorAll("[data-currency]:not(option)")) unit.textContent = chosen.dataset.currency;
  for (const label of form.querySelectorAll("[data-markets]")) {
    label.hidden = !label.dataset.markets.split(" ").includes(chosen.dataset.market);
  }
}

for (const form of document.querySelectorAll("form[data-draft]")) {
  follow(form);
  form.addEventListener("change", (event) => event.target.matches("[data-place]") && follow(form));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    act(form, event.submitter || form.querySelector("button[value=preview]"));
  });
}
