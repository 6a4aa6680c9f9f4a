// Lanes: the week of a store as a strip, from the changes of its status, 8 * minute + status each. lanes.py has the same
// rules, for the first rows.

import { currentClock, ownOffset } from "./clock.js";
import { part } from "./page.js";
import { formatDuration, formatNumber, formatSpan, formatWeekday, formatWeekTime } from "./words.js";

export const WEEK_MIN = 7 * 24 * 60;
const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const [CLOSED, UP, DOWN, UNKNOWN, UP_CARRIED, DOWN_CARRIED] = [0, 1, 2, 3, 4, 5];
const KIND = [CLOSED, UP, DOWN, UNKNOWN, UP, DOWN];
const WORDS = ["Closed", "Up", "Down", "Unknown"];
const HEIGHT = 34;
const LEAST_WIDTH = 30; // minutes: what is short can still be seen
// Where a status is in a lane, and how high: a shape of its own for each, so that colour is not all there is. What is
// carried is drawn by its outline, half of which lies outside.
const BARS = { [UP]: [12, 10], [UP_CARRIED]: [12.5, 9], [UNKNOWN]: [13, 8], [DOWN]: [7, 20], [DOWN_CARRIED]: [7.5, 19] };
const CLASSES = [[UP, "up"], [UP_CARRIED, "up carried"], [UNKNOWN, "unknown"], [DOWN, "down"], [DOWN_CARRIED, "down carried"]];
const SVG = "http://www.w3.org/2000/svg";

function svgElement(name, attributes) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}

export function blankLane(incidents) {
  const box = { viewBox: `0 0 ${WEEK_MIN} ${HEIGHT}`, preserveAspectRatio: "none" };
  const lane = svgElement("svg", { role: "img", class: "evidence", ...box });
  lane.append(
    svgElement("path", { class: "closed", d: `M0 16.5h${WEEK_MIN}v1h-${WEEK_MIN}z` }),
    ...CLASSES.map(([, names]) => svgElement("path", { class: names })),
  );
  // From edge to edge of the row, so that it is one line across all of them.
  const lines = incidents.map(({ start }) => `M${start} 0v${HEIGHT}`).join("");
  if (lines) lane.append(svgElement("path", { class: "incident", d: lines }));
  return lane;
}

export function fillLane(lane, changes) {
  const paths = outlines(changes);
  lane.setAttribute("aria-label", described(changes));
  let path = lane.firstChild;
  for (const [status] of CLASSES) {
    path = path.nextSibling;
    path.setAttribute("d", paths[status]);
  }
}

function* stretches(changes) {
  let [status, from] = [CLOSED, 0];
  for (const change of [...changes, 8 * WEEK_MIN]) {
    const minute = change >> 3;
    if (minute > from) yield [status, from, minute];
    [status, from] = [change & 7, minute];
  }
}

function described(changes) {
  const minutes = [0, 0, 0, 0];
  let [outages, before] = [0, CLOSED];
  for (const [status, from, until] of stretches(changes)) {
    const kind = KIND[status];
    minutes[kind] += until - from;
    outages += kind === DOWN && before !== DOWN; // what is carried goes on with what was seen
    before = kind;
  }
  if (minutes[CLOSED] === WEEK_MIN) return "Closed all week";
  const parts = [`up ${formatDuration(60 * minutes[UP])}`, `down ${formatDuration(60 * minutes[DOWN])}`];
  if (outages) parts[1] += ` in ${outages} ${outages === 1 ? "stretch" : "stretches"}`;
  if (minutes[UNKNOWN]) parts.push(`unknown ${formatDuration(60 * minutes[UNKNOWN])}`);
  return `In the week: ${parts.join(", ")}`;
}

// One path a status, not one a stretch: a table in sight has some forty lanes, and scrolling makes them anew.
function outlines(changes) {
  const paths = ["", "", "", "", "", ""];
  for (const [status, from, until] of stretches(changes)) {
    if (status === CLOSED) continue;
    const [top, height] = BARS[status];
    const width = Math.max(until - from, LEAST_WIDTH);
    paths[status] += `M${from} ${top}h${width}v${height}h-${width}z`;
  }
  return paths;
}

// Stretches in words ----------------------------------------------------------------------------------------------------

export const stretchesOf = (changes) => [...stretches(changes)];

// The number of the stretch at a minute. A short one is drawn wider than it is, and must be found where it is seen.
export function stretchAt(found, minute) {
  const here = found.findIndex(([, from, until]) => minute >= from && minute < until);
  const seen = found.findLastIndex(([status, from]) => KIND[status] === DOWN && minute >= from && minute < from + LEAST_WIDTH);
  return seen >= 0 && KIND[found[here]?.[0]] !== DOWN ? seen : here;
}

// Down, Fri 18:42 to now, 3 d 2 h, no poll near. offsetAt: minutes that the clock is ahead of UTC at an instant.
export function stretchWords([status, from, until], endMs, offsetAt) {
  const [start, end] = [from, until].map((minute) => endMs - (WEEK_MIN - minute) * MINUTE_MS);
  const [first, last] = [formatWeekTime(start, offsetAt(start)), formatWeekTime(end, offsetAt(end))];
  const isSameDay = first.slice(0, 3) === last.slice(0, 3) && end - start < DAY_MS;
  const to = until === WEEK_MIN ? "now" : isSameDay ? last.slice(4) : last;
  const note = status >= UP_CARRIED ? ", no poll near" : "";
  return `${WORDS[KIND[status]]}, ${first} to ${to}, ${formatSpan(60 * (until - from))}${note}`;
}

// The axis --------------------------------------------------------------------------------------------------------------

// The days of one clock for all rows: each store's own would be one axis a row, so those are told by the tips alone.
const axisOffset = (ms) => currentClock() === "mine" ? ownOffset(ms) : 0;

export function drawAxis(endMs, incidents) {
  const [axis, days] = [part("axis"), part("axis-days")];
  axis.replaceChildren();
  days.replaceChildren();
  part("lane-clock").textContent = currentClock() === "mine" ? "on my clock" : "in UTC";
  for (let ms = endMs - 7 * DAY_MS; ms < endMs; ) {
    const local = ms + axisOffset(ms) * MINUTE_MS;
    ms += DAY_MS - (((local % DAY_MS) + DAY_MS) % DAY_MS);
    const x = WEEK_MIN - (endMs - ms) / MINUTE_MS;
    if (x >= WEEK_MIN) break;
    axis.append(svgElement("line", { x1: x, x2: x, y1: 0, y2: 14 }));
    if (WEEK_MIN - x < 1100) continue; // no room for its name
    const name = document.createElement("span");
    name.textContent = formatWeekday(ms + axisOffset(ms) * MINUTE_MS);
    name.style.left = `${(100 * x) / WEEK_MIN}%`;
    days.append(name);
  }
  part("incidents").replaceChildren(...incidents.map((incident) => incidentMark(incident, endMs)));
}

function incidentMark(incident, endMs) {
  const mark = document.createElement("span");
  mark.className = "incident-mark";
  mark.tabIndex = 0;
  mark.setAttribute("role", "img");
  mark.setAttribute("aria-label", incidentWords(incident, endMs));
  mark.style.left = `${(100 * incident.start) / WEEK_MIN}%`;
  return mark;
}

// 37 stores went down together, Tue 14:05 to 14:50, 8 % of those open
function incidentWords({ start, end, stores, share }, endMs) {
  const [first, last] = [start, end].map((minute) => {
    const ms = endMs - (WEEK_MIN - minute) * MINUTE_MS;
    return formatWeekTime(ms, axisOffset(ms));
  });
  const to = first === last ? "" : ` to ${first.slice(0, 3) === last.slice(0, 3) ? last.slice(4) : last}`;
  return `${formatNumber(stores)} stores went down together, ${first}${to}, ${share} % of those open`;
}
