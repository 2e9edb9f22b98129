// The board as it happens. The browser connects again by itself; the mark in
// the header says whether what is seen is of this moment.

import { refresh } from "./morph.js";

const lag = (value) => (value === null ? null : Math.floor(value / 1000));

/** All of a board that a reader would notice. */
function noticed(board) {
  const rest = (key, value) => {
    if (key === "now" || key === "last_seen" || key === "clock_skew_ms") return undefined;
    return key === "lag_ms" ? lag(value) : value;
  };
  return JSON.stringify(board, rest);
}

function show(mark, state) {
  mark.dataset.state = state;
  const text = state === "live" ? mark.dataset.textLive : mark.dataset.textWaiting;
  const words = mark.querySelector(".live-text");
  if (words.textContent !== text) words.textContent = text;
}

export function connect(mark, always) {
  let last = null;
  let source = null;
  const open = () => {
    source = new EventSource("/v1/events");
    source.onopen = () => show(mark, "live");
    source.onerror = () => {
      show(mark, "waiting");
      // A server that refused is asked again too, later.
      if (source.readyState === EventSource.CLOSED) setTimeout(open, 3000);
    };
    source.addEventListener("board", (event) => {
      show(mark, "live");
      const board = JSON.parse(event.data);
      const now = noticed(board);
      if (now !== last || always) refresh();
      last = now;
      for (const channel of board.channels) {
        for (const time of document.querySelectorAll(`[data-seen="${CSS.escape(channel.id)}"]`)) {
          if (channel.last_seen) time.dateTime = channel.last_seen;
        }
      }
    });
  };
  open();
  addEventListener("pagehide", () => source.close());
  addEventListener("pageshow", (event) => event.persisted && open());
}
