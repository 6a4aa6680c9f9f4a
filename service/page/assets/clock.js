// The clock that times are shown on: UTC, the reader's own, or each store's; kept for the next visit. Who shows times
// listens to the event clock-change of the document.

import { keep, readKept } from "./storage.js";

export const CLOCKS = ["utc", "mine", "store"];
const KEY = "clock";

export function currentClock() {
  return document.documentElement.dataset.clock ?? "utc";
}

// null where none was ever chosen.
export const keptClock = () => readKept(KEY, null);

export function restoreClock() {
  const kept = keptClock();
  document.documentElement.dataset.clock = CLOCKS.includes(kept) ? kept : "utc";
}

export function setClock(name) {
  document.documentElement.dataset.clock = name;
  keep(KEY, name); // where that cannot be, it holds for this view only
  document.dispatchEvent(new Event("clock-change"));
}

// 16:00 UTC, or 16:00 on the reader's own clock: a moment of today.
export function clockTime(ms) {
  const isMine = currentClock() === "mine";
  const there = new Date(ms + (isMine ? ownOffset(ms) : 0) * 60_000).toISOString().slice(11, 16);
  return isMine ? there : `${there} UTC`;
}

// Minutes that a clock is ahead of UTC at an instant.
export const ownOffset = (ms) => -new Date(ms).getTimezoneOffset();

const formats = new Map(); // zone -> Intl.DateTimeFormat: to make one takes longer than to use it a thousand times

export function zoneOffset(zone, ms) {
  if (!formats.has(zone)) formats.set(zone, formatOf(zone));
  const there = Object.fromEntries(formats.get(zone).formatToParts(ms).map(({ type, value }) => [type, Number(value)]));
  const local = Date.UTC(there.year, there.month - 1, there.day, there.hour, there.minute, there.second);
  return Math.round((local - ms) / 60_000);
}

function formatOf(timeZone) {
  const numbers = { year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric", second: "numeric" };
  try {
    return new Intl.DateTimeFormat("en-US", { timeZone, hourCycle: "h23", ...numbers });
  } catch {
    return formatOf("UTC"); // a zone that this browser does not know yet
  }
}
