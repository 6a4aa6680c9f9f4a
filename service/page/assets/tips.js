// What a lane says by stretch: where somebody points, or goes along a row with the arrow keys.

import { offsetOf } from "./columns.js";
import { stretchAt, stretchesOf, stretchWords, WEEK_MIN } from "./lanes.js";
import { part } from "./page.js";
import { storeOf } from "./rows.js";

const table = part("fleet");
const body = table.tBodies[0];
const tip = part("lane-tip");
const nowMs = Date.parse(table.dataset.now);

let stores = null; // columns by name
let walked = { row: null, number: 0 }; // the stretch that arrow keys have led to

export function startTips(data) {
  stores = data;
  body.addEventListener("pointermove", point, { passive: true });
  body.addEventListener("pointerleave", hide);
  body.addEventListener("keydown", walk);
  body.addEventListener("focusout", hide);
  addEventListener("scroll", hide, { passive: true });
  for (const name of ["pointerover", "focusin"]) {
    part("incidents").addEventListener(name, ({ target }) => {
      if (target.className === "incident-mark") show(target.getAttribute("aria-label"), target.getBoundingClientRect());
    });
  }
  for (const name of ["pointerout", "focusout"]) part("incidents").addEventListener(name, hide);
}

const hide = () => {
  if (tip.hidden) return; // each frame of a scroll comes here, and to hide it again makes the browser restyle
  tip.hidden = true;
  walked = { row: null, number: 0 };
};

function show(words, { left, bottom }) {
  tip.hidden = false;
  if (tip.textContent !== words) tip.textContent = words;
  const { width, height } = tip.getBoundingClientRect();
  tip.style.left = `${Math.max(4, Math.min(left - width / 2, innerWidth - width - 4))}px`;
  tip.style.top = `${bottom + height + 8 > innerHeight ? bottom - height - 44 : bottom + 4}px`;
}

function laneOf(row) {
  const lane = row?.querySelector(".lane svg");
  return lane && { lane, found: stretchesOf(stores.lanes[storeOf(row)] ?? []) };
}

function tell(row, stretch, x) {
  const n = storeOf(row);
  const { bottom } = row.getBoundingClientRect();
  show(stretchWords(stretch, nowMs, (ms) => offsetOf(n, ms)), { left: x, bottom });
}

function point({ target, clientX, pointerType }) {
  const row = target.closest("tr[aria-rowindex]");
  const box = row?.querySelector(".lane svg")?.getBoundingClientRect();
  if (!box || clientX < box.left || clientX > box.right || pointerType === "touch") return hide();
  const { found } = laneOf(row);
  const number = stretchAt(found, Math.min(WEEK_MIN - 1, ((clientX - box.left) / box.width) * WEEK_MIN));
  if (number >= 0) tell(row, found[number], clientX);
}

// From the newest stretch back: what is asked about is mostly what is now.
function walk(event) {
  const by = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity }[event.key];
  const row = event.target.closest("tr[aria-rowindex]");
  const there = by && laneOf(row);
  if (!there) return;
  event.preventDefault();
  const last = there.found.length - 1;
  const next = walked.row === row ? walked.number + by : by < 0 && by !== -Infinity ? last : by > 0 ? last : 0;
  const number = Math.max(0, Math.min(last, next));
  const box = there.lane.getBoundingClientRect();
  const [, from, until] = there.found[number];
  tell(row, there.found[number], box.left + (box.width * (from + until)) / 2 / WEEK_MIN);
  walked = { row, number };
}
