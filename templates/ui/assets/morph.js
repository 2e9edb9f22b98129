// Fetches this page again and puts what differs in place, so that focus, open
// lists and scrolling stay as they are. Nodes are parsed and moved, never
// written as text: the server has escaped them.

const same = (a, b) =>
  a.nodeType === b.nodeType && a.nodeName === b.nodeName && (a.id || "") === (b.id || "");

function attributes(from, to) {
  const keep = from.nodeName === "DETAILS" ? ["open"] : from.nodeName === "IFRAME" ? ["style", "data-fitted"] : [];
  for (const { name } of [...from.attributes]) {
    if (!to.hasAttribute(name) && !keep.includes(name)) from.removeAttribute(name);
  }
  for (const { name, value } of to.attributes) {
    if (from.getAttribute(name) !== value && !keep.includes(name)) from.setAttribute(name, value);
  }
}

export function morph(from, to) {
  if (from.nodeType === Node.TEXT_NODE) {
    if (from.data !== to.data) from.data = to.data;
    return;
  }
  if (from.isEqualNode(to)) return;
  attributes(from, to);
  let old = from.firstChild;
  for (const next of [...to.childNodes]) {
    if (next.id) {
      const known = [...from.children].find((child) => child.id === next.id);
      if (known && known !== old) from.insertBefore(known, old), (old = known);
    }
    if (old && same(old, next)) {
      morph(old, next);
      old = old.nextSibling;
    } else {
      from.insertBefore(document.importNode(next, true), old);
    }
  }
  while (old) {
    const after = old.nextSibling;
    old.remove();
    old = after;
  }
}

/** The document that an address answers with. */
export async function fetchPage(address) {
  const answer = await fetch(address, { headers: { accept: "text/html" }, credentials: "same-origin" });
  if (!answer.ok) throw new Error(`${answer.status}`);
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}

let running = null;
let again = false;

/** Brings the regions of this page up to date; calls that overlap are one. */
export function refresh() {
  if (running) {
    again = true;
    return running;
  }
  running = fetchPage(location.href)
    .then((page) => {
      for (const region of document.querySelectorAll("[data-region]")) {
        const fresh = page.getElementById(region.id);
        if (fresh) morph(region, fresh);
      }
      document.dispatchEvent(new Event("refreshed"));
    })
    .catch(() => {})
    .finally(() => {
      running = null;
      if (again) {
        again = false;
        refresh();
      }
    });
  return running;
}
