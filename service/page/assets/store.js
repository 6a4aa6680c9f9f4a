// A store's week: what a stretch rests on, by pointer or by arrow keys, on the clock that was chosen; where an outage is
// drawn, and its polls; the stores before and after it in the list that one came from.

import { keptClock } from "./clock.js";
import { keptList } from "./kept_list.js";
import { tipIn } from "./near_tip.js";
import { on, part } from "./page.js";
import { formatDuration, formatNumber, formatOffset, formatTime } from "./words.js";

const US_PER_MS = 1000;
const pieces = [...document.querySelectorAll("#days [data-part]")].sort((a, b) => a.dataset.part - b.dataset.part);
const tip = tipIn(part("days"));
let current = 0;

// Clock -----------------------------------------------------------------------------------------------------------------

const numbers = (text) => text.split(" ").map(Number);
const offsets = numbers(part("days").dataset.offsets);
const offsetsSince = numbers(part("days").dataset.offsetsSince).map((us) => us / US_PER_MS);
const NOTES = {
  store: () => "",
  utc: () => "Times are in UTC.",
  mine: () => `Times are on your clock, ${formatOffset(OFFSETS.mine(Date.now()))}.`,
};

const chosenClock = () => document.documentElement.dataset.clock ?? "store";

// Minutes that the store's clock is ahead of UTC.
const storeOffset = (ms) => offsets[Math.max(0, offsetsSince.findLastIndex((since) => since <= ms))];

const OFFSETS = { store: storeOffset, utc: () => 0, mine: (ms) => -new Date(ms).getTimezoneOffset() };
const offsetAt = (ms) => OFFSETS[chosenClock()](ms);

// 12:00, or 12:00:05 where there are seconds, and the offset: the rule of format_local_time.
function clockTime(ms, offset) {
  const there = new Date(ms + offset * 60_000).toISOString();
  return `${there.slice(17, 19) === "00" ? there.slice(11, 16) : there.slice(11, 19)} ${formatOffset(offset)}`;
}

const localTime = (ms) => `${formatTime(ms, offsetAt(ms)).slice(0, -5)}${clockTime(ms, offsetAt(ms))}`;

function showTimes() {
  for (const time of document.querySelectorAll("time.own")) {
    const ms = Date.parse(time.dateTime);
    time.textContent = formatTime(ms, offsetAt(ms));
  }
  for (const piece of pieces) piece.setAttribute("aria-label", pieceText(piece));
  if (pieces.includes(document.activeElement)) showTip(document.activeElement);
  for (const note of document.querySelectorAll(".clock-note")) note.textContent = NOTES[chosenClock()]();
}

// The bar begins with UTC where nothing was ever chosen: here the store's own clock is what days are drawn on.
function beginWithOwnClock() {
  if (keptClock() !== null) return;
  document.documentElement.dataset.clock = "store";
  const choice = part("clock");
  if (choice) choice.value = "store";
}

// Stretches -------------------------------------------------------------------------------------------------------------

const STATUS_WORDS = { up: "Up", down: "Down", unknown: "Unknown" };

function pieceText({ dataset, classList }) {
  const [from, to, poll] = [dataset.from, dataset.to, dataset.poll].map((us) => Math.floor(us / US_PER_MS));
  const isCarried = classList.contains("carried");
  const status = Object.keys(STATUS_WORDS).find((word) => classList.contains(word));
  const words = isCarried ? `Last known status ${status}` : STATUS_WORDS[status];
  const length = formatDuration((dataset.to - dataset.from) / 1e6);
  const sentence = `${words}, ${localTime(from)} to ${clockTime(to, offsetAt(to))}, ${length}.`;
  if (dataset.poll === undefined) return `${sentence} There is ${dataset.because}.`;
  const carried = isCarried ? " No poll in business hours within two hours." : "";
  return `${sentence} Rests on the poll of ${localTime(poll)}: ${dataset.because}.${carried}`;
}

const showTip = (element) => tip.show(element, element.dataset.title ?? pieceText(element));

function mark(first, last) {
  for (const piece of pieces) {
    const number = Number(piece.dataset.part);
    piece.classList.toggle("marked", number >= first && number <= last);
  }
}

function walk(by) {
  pieces[current].tabIndex = -1;
  current = Math.min(Math.max(current + by, 0), pieces.length - 1);
  pieces[current].tabIndex = 0;
  pieces[current].focus();
}

const STEPS = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 1, ArrowUp: -1, Home: -Infinity, End: Infinity };

// One stretch takes part in the order of Tab; arrow keys go on from there.
if (pieces.length) {
  current = pieces.length - 1; // the newest
  pieces[current].tabIndex = 0;
}
part("days").addEventListener("keydown", (event) => {
  if (event.key === "Escape") return tip.hide();
  if (!(event.key in STEPS) || !pieces.includes(event.target)) return;
  event.preventDefault();
  walk(STEPS[event.key]);
});
on("pointerover", "#days [data-part], #days [data-title]", (event) => showTip(event.currentTarget));
on("pointerout", "#days [data-part], #days [data-title]", tip.hide);
on("focus", "#days [data-part]", (event) => {
  const piece = event.currentTarget;
  pieces[current].tabIndex = -1;
  current = pieces.indexOf(piece);
  piece.tabIndex = 0;
  showTip(piece);
  mark(Number(piece.dataset.part), Number(piece.dataset.part));
});
on("blur", "#days [data-part]", () => {
  mark(-1, -1);
  tip.hide();
});

// Outages ---------------------------------------------------------------------------------------------------------------

on("pointerover", "[data-first]", ({ currentTarget: row }) => mark(Number(row.dataset.first), Number(row.dataset.last)));
on("pointerout", "[data-first]", () => mark(-1, -1));
on("click", "[data-first] a[href^='#part']", (event) => {
  event.preventDefault();
  const row = event.currentTarget.closest("tr");
  const piece = pieces.find((each) => each.dataset.part === row.dataset.first);
  piece.focus({ preventScroll: true });
  piece.closest(".day").scrollIntoView({ block: "center" });
  mark(Number(row.dataset.first), Number(row.dataset.last));
});

on("click", "[data-polls]", (event) => {
  event.preventDefault();
  const instants = new Set(event.currentTarget.dataset.polls.split(" "));
  const rows = [...document.querySelectorAll("[data-poll-row]")];
  part("polls").open = true;
  for (const row of rows) row.classList.toggle("marked", instants.has(row.dataset.pollRow));
  const found = rows.findLast((row) => row.classList.contains("marked"));
  (found ?? part("polls")).scrollIntoView({ block: "center" });
  if (found) {
    found.tabIndex = -1;
    found.focus({ preventScroll: true });
  }
});

// The list that one came from -------------------------------------------------------------------------------------------

const around = part("around");
const STEP_KEYS = { "[": "previous", k: "previous", "]": "next", j: "next" };

function showNeighbours() {
  const list = keptList(around.dataset.report);
  const place = list?.ids?.indexOf(around.dataset.store) ?? -1;
  if (place < 0) return;
  for (const [id, by] of [["previous", -1], ["next", 1]]) {
    const store = list.ids[place + by];
    const link = part(id);
    if (store === undefined) link.hidden = true;
    else link.href = `?${new URLSearchParams({ store_id: store })}`;
  }
  part("place").textContent = `${place + 1} of ${formatNumber(list.count ?? list.ids.length)} ${list.words}`;
  if (list.address) part("back").href = list.address;
  part("neighbours").hidden = false;
}

document.addEventListener("keydown", (event) => {
  const isTyping = event.target.closest("input, select, textarea, [contenteditable]");
  if (!(event.key in STEP_KEYS) || isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
  const link = part(STEP_KEYS[event.key]);
  if (link.href && !link.hidden) link.click();
});

beginWithOwnClock();
showTimes();
document.addEventListener("clock-change", showTimes);
showNeighbours();
