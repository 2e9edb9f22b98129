// Every page: times that tick, things to copy, frames as high as what is in
// them, and the live board where the page wants it.

import { refresh } from "./morph.js";
import { connect } from "./live.js";
import "./forms.js";
import "./drafts.js";

const language = document.documentElement.lang;
const relative = new Intl.RelativeTimeFormat(language, { numeric: "always", style: "short" });
const steps = [[86400, "day"], [3600, "hour"], [60, "minute"], [1, "second"]];

function tick() {
  for (const time of document.querySelectorAll("time[data-ago]")) {
    const seconds = Math.max(0, Math.round((Date.now() - Date.parse(time.dateTime)) / 1000));
    const [size, unit] = steps.find(([size]) => seconds >= size) || steps[3];
    const text = relative.format(-Math.floor(seconds / size), unit);
    if (time.textContent !== text) {
      if (!time.title) time.title = time.textContent;
      time.textContent = text;
    }
  }
}

function fit(frame) {
  const page = frame.contentDocument;
  const content = page && page.querySelector(".oc-item");
  if (!content) return;
  // The content and the space around it; the frame's own height says nothing.
  const height = Math.ceil(content.getBoundingClientRect().height) + 2 * content.offsetTop + 2;
  frame.style.height = `${height}px`;
}

const widths = new ResizeObserver((changed) => changed.forEach(({ target }) => fit(target)));

function frames() {
  for (const frame of document.querySelectorAll("iframe.shop")) {
    if (frame.dataset.fitted) continue;
    frame.dataset.fitted = "1";
    frame.addEventListener("load", () => fit(frame));
    widths.observe(frame);
  }
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(button.dataset.copy);
  button.dataset.done = document.getElementById("words").dataset.copied;
  setTimeout(() => delete button.dataset.done, 1500);
});

const update = () => {
  tick();
  frames();
};
update();
document.addEventListener("refreshed", update);
setInterval(tick, 1000);

const live = document.body.dataset.live;
if (live) connect(document.getElementById("live"), live === "always");
if (live === "always") {
  const timer = setInterval(() => {
    if (document.querySelector('[data-done="true"]')) clearInterval(timer);
    else refresh();
  }, 1000);
}
