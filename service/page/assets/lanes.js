// Lanes: the week of a store as a strip, from the changes of its status, 4 * minute + status each.

import { part } from "./page.js";
import { formatDuration, formatWeekday } from "./words.js";

const WEEK_MIN = 7 * 24 * 60;
const DAY_MS = 24 * 3600 * 1000;
const [CLOSED, UP, DOWN, UNKNOWN] = [0, 1, 2, 3];
const LANE = { width: 252, height: 22 };
const UNIT = LANE.width / WEEK_MIN;
const LEAST_WIDTH = 0.75; // what is short can still be seen
// Where a status is in a lane, and how high: a shape of its own for each, so that colour is not all there is.
const BARS = { [UP]: [5, 12], [UNKNOWN]: [7, 8], [DOWN]: [0, 22] };
const SVG = "http://www.w3.org/2000/svg";

function svgElement(name, attributes) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}

export function blankLane() {
  const lane = svgElement("svg", { role: "img", class: "evidence", viewBox: `0 0 ${LANE.width} ${LANE.height}` });
  lane.append(
    svgElement("title", {}),
    svgElement("path", { class: "closed", d: `M0 10.5h${LANE.width}v1h-${LANE.width}z` }),
    svgElement("path", { class: "up", "data-status": UP }),
    svgElement("path", { class: "unknown", "data-status": UNKNOWN }),
    svgElement("path", { class: "down", "data-status": DOWN }),
  );
  return lane;
}

export function fillLane(lane, changes) {
  const [description, paths] = [described(changes), outlines(changes)];
  lane.setAttribute("aria-label", description);
  lane.querySelector("title").textContent = description;
  for (const path of lane.querySelectorAll("[data-status]")) path.setAttribute("d", paths[path.dataset.status]);
}

function* stretches(changes) {
  let [status, from] = [CLOSED, 0];
  for (const change of [...changes, 4 * WEEK_MIN]) {
    const minute = change >> 2;
    if (minute > from) yield [status, from, minute];
    [status, from] = [change & 3, minute];
  }
}

function described(changes) {
  const minutes = [0, 0, 0, 0];
  let outages = 0;
  for (const [status, from, until] of stretches(changes)) {
    minutes[status] += until - from;
    outages += status === DOWN;
  }
  if (minutes[CLOSED] === WEEK_MIN) return "Closed all week";
  const parts = [`up ${formatDuration(60 * minutes[UP])}`, `down ${formatDuration(60 * minutes[DOWN])}`];
  if (outages) parts[1] += ` in ${outages} ${outages === 1 ? "stretch" : "stretches"}`;
  if (minutes[UNKNOWN]) parts.push(`unknown ${formatDuration(60 * minutes[UNKNOWN])}`);
  return `In the week: ${parts.join(", ")}`;
}

// One path a status, not one a stretch: a table in sight has some forty lanes, and scrolling makes them anew.
function outlines(changes) {
  const paths = { [UP]: "", [UNKNOWN]: "", [DOWN]: "" };
  for (const [status, from, until] of stretches(changes)) {
    if (status === CLOSED) continue;
    const [top, height] = BARS[status];
    const width = Math.max((until - from) * UNIT, LEAST_WIDTH).toFixed(2);
    paths[status] += `M${(from * UNIT).toFixed(2)} ${top}h${width}v${height}h-${width}z`;
  }
  return paths;
}

export function drawAxis(endMs) {
  for (let at = Math.ceil((endMs - 7 * DAY_MS) / DAY_MS) * DAY_MS; at < endMs; at += DAY_MS) {
    const x = ((at - endMs) / (7 * DAY_MS) + 1) * LANE.width;
    part("axis").append(svgElement("line", { x1: x, x2: x, y1: 0, y2: 14 }));
    if (LANE.width - x < 28) continue; // no room for its name
    const name = svgElement("text", { x: x + 3, y: 11 });
    name.textContent = formatWeekday(at);
    part("axis").append(name);
  }
}
