// The fleet's table: all rows in memory, those in sight in the document; sorted, filtered, each with its lane.

import { isolated, part, say } from "./page.js";

const WEEK_MIN = 7 * 24 * 60;
const [CLOSED, UP, DOWN, UNKNOWN] = [0, 1, 2, 3];
const LANE = { width: 252, height: 22 };
const SPARE = 10; // rows beyond the edge, so that not each frame of a scroll has to make some
const PRINTED = 1000;
const FIRST_DESCENDING = /^(downtime|unknown|last_poll)/; // a first click puts the worst, or the newest, on top

const table = part("fleet");
const scroll = part("stores-scroll");
const body = table.tBodies[0];
const filter = part("filter");
const report = table.dataset.report;
const endMs = Date.parse(table.dataset.now);

let stores = null; // columns by name
let order = []; // numbers of the rows that are shown, in their order
let rowHeight = 0;
let shown = new Map(); // position -> row of the table
let rendered = { first: 0, last: 0 }; // the positions that have one

// Words ---------------------------------------------------------------------------------------------------------------

function lasting(seconds) {
  if (seconds === null) return "unknown";
  if (seconds > 0 && seconds < 60) return `${Math.ceil(seconds)} s`;
  const minutes = Math.floor((Math.trunc(seconds + 30)) / 60);
  const [hours, rest] = [Math.floor(minutes / 60), minutes % 60];
  return [hours && `${hours} h`, (rest || !hours) && `${rest} min`].filter(Boolean).join(" ");
}

const number = (value) => value.toLocaleString("en");

function share(n) {
  const percent = stores.uptime_percent_last_week[n];
  if (percent !== null) return `${percent.toFixed(2)} %`;
  return stores.business_last_week[n] === 0 ? "closed" : "unknown";
}

const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

function pollTime(seconds) {
  const at = new Date(1000 * seconds);
  const clock = at.toISOString().slice(11, 16);
  return `${DAYS[at.getUTCDay()]} ${at.getUTCDate()} ${MONTHS[at.getUTCMonth()]} ${clock}`;
}

// Lanes ---------------------------------------------------------------------------------------------------------------

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
  const said = [`up ${lasting(60 * minutes[UP])}`, `down ${lasting(60 * minutes[DOWN])}`];
  if (outages) said[1] += ` in ${outages} ${outages === 1 ? "stretch" : "stretches"}`;
  if (minutes[UNKNOWN]) said.push(`unknown ${lasting(60 * minutes[UNKNOWN])}`);
  return `In the week: ${said.join(", ")}`;
}

const SVG = "http://www.w3.org/2000/svg";

function drawing(name, attributes) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}

// Where a status is in a lane, and how high: a shape of its own for each, so that colour is not all there is.
const BARS = { [UP]: [5, 12], [UNKNOWN]: [7, 8], [DOWN]: [0, 22] };
const UNIT = LANE.width / WEEK_MIN;

function outlines(changes) {
  const found = { [UP]: "", [UNKNOWN]: "", [DOWN]: "" };
  for (const [status, from, until] of stretches(changes)) {
    if (status === CLOSED) continue;
    const [top, height] = BARS[status];
    const width = Math.max((until - from) * UNIT, 0.75).toFixed(2); // what is short can still be seen
    found[status] += `M${(from * UNIT).toFixed(2)} ${top}h${width}v${height}h-${width}z`;
  }
  return found;
}

function drawAxis() {
  const day = 24 * 3600 * 1000;
  for (let at = Math.ceil((endMs - 7 * day) / day) * day; at < endMs; at += day) {
    const x = ((at - endMs) / (7 * day) + 1) * LANE.width;
    part("axis").append(drawing("line", { x1: x, x2: x, y1: 0, y2: 14 }));
    if (LANE.width - x < 28) continue;
    const name = drawing("text", { x: x + 3, y: 11 });
    name.textContent = DAYS[new Date(at).getUTCDay()];
    part("axis").append(name);
  }
}

// Rows ----------------------------------------------------------------------------------------------------------------

const WINDOWS = ["hour", "day", "week"];
const LENGTHS = [
  ...["downtime", "uptime"].flatMap((kind) => WINDOWS.map((window) => `${kind}_last_${window}`)),
  "unknown_last_week",
];

// A row as it is before it has a store; a copy of it is quicker than thirteen cells made one by one.
const blank = document.createElement("tr");
blank.append(document.createElement("th"), ...Array.from({ length: 12 }, () => document.createElement("td")));
blank.cells[0].scope = "row";
blank.cells[0].append(document.createElement("div"));
blank.cells[0].firstChild.append(document.createElement("a"));
blank.querySelector("a").append(document.createElement("bdi"));
blank.cells[1].className = "lane";
blank.cells[1].append(drawing("svg", { role: "img", viewBox: `0 0 ${LANE.width} ${LANE.height}` }));
blank.cells[1].firstChild.append(
  drawing("title", {}),
  drawing("path", { class: "closed", d: `M0 10.5h${LANE.width}v1h-${LANE.width}z` }),
  drawing("path", { class: "up", "data-status": UP }),
  drawing("path", { class: "unknown", "data-status": UNKNOWN }),
  drawing("path", { class: "down", "data-status": DOWN }),
);
for (let column = 2; column <= 9; column++) blank.cells[column].className = "num";

function made(position) {
  const n = order[position];
  const row = blank.cloneNode(true);
  const [head, lane, ...cells] = row.cells;
  const link = head.firstChild.firstChild;
  row.setAttribute("aria-rowindex", position + 3);
  link.href = `/view/${report}/store?store_id=${encodeURIComponent(stores.store_id[n])}`;
  link.firstChild.textContent = stores.store_id[n];
  link.title = isolated(stores.store_id[n]);
  if (stores.down_now[n]) head.firstChild.append(" ", badge());
  fillLane(lane, n);
  const texts = [
    share(n),
    ...LENGTHS.map((name) => lasting(stores[name][n])),
    pollTime(stores.last_poll[n]),
    stores.last_active[n] ? "active" : "inactive",
    stores.zone[n],
  ];
  for (const [number, text] of texts.entries()) cells[number].textContent = text;
  return row;
}

function badge() {
  const element = document.createElement("span");
  element.className = "badge";
  element.textContent = table.dataset.down;
  return element;
}

function fillLane(cell, n) {
  if (stores.hours_unknown[n] || !stores.lanes) {
    cell.textContent = stores.lanes ? "hours unknown" : "";
    return;
  }
  const changes = stores.lanes[n] ?? [];
  const [lane, paths] = [cell.firstChild, outlines(changes)];
  lane.setAttribute("aria-label", described(changes));
  lane.querySelector("title").textContent = described(changes);
  for (const path of lane.querySelectorAll("[data-status]")) path.setAttribute("d", paths[path.dataset.status]);
}

const above = document.createElement("tr");
const below = document.createElement("tr");
for (const space of [above, below]) {
  space.className = "space";
  space.setAttribute("aria-hidden", "true");
  space.append(document.createElement("td"));
  space.firstChild.colSpan = 13;
}

// Only rows that come into sight are made, and only those that leave it are taken out: the focus stays where it is.
function render(first, last) {
  for (const [position, row] of shown) {
    if (position >= first && position < last) continue;
    if (row.contains(document.activeElement)) continue;
    row.remove();
    shown.delete(position);
  }
  let next = below;
  for (let position = last - 1; position >= first; position--) {
    let row = shown.get(position);
    if (!row) {
      row = made(position);
      shown.set(position, row);
    }
    if (row.nextSibling !== next) next.before(row);
    next = row;
  }
  above.firstChild.style.height = `${first * rowHeight}px`;
  below.firstChild.style.height = `${(order.length - last) * rowHeight}px`;
  above.hidden = first === 0;
  below.hidden = last === order.length;
  rendered = { first, last };
}

function renderInSight() {
  const first = Math.min(Math.floor(scroll.scrollTop / rowHeight), order.length);
  const last = Math.min(Math.ceil((scroll.scrollTop + scroll.clientHeight) / rowHeight), order.length);
  if (first >= rendered.first && last <= rendered.last) return;
  render(Math.max(0, first - SPARE), Math.min(order.length, last + SPARE));
}

function renderAnew() {
  shown = new Map();
  body.replaceChildren(above, below);
  table.setAttribute("aria-rowcount", order.length + 2);
  if (!rowHeight && order.length) {
    render(0, Math.min(2, order.length));
    rowHeight = shown.get(0).getBoundingClientRect().height;
  }
  render(0, 0); // the space of all rows first: how much of it is in sight is measured next
  renderInSight();
}

// Order and filter ----------------------------------------------------------------------------------------------------

function chosen() {
  const given = new FormData(filter);
  return {
    search: given.get("search").toLowerCase(),
    downNow: given.has("down_now"),
    unknown: given.has("unknown"),
    below: given.get("below") === "" ? null : Number(given.get("below")),
    window: given.get("window"),
    zone: given.get("zone"),
  };
}

function matches(n, { search, downNow, unknown, below: percent, window, zone }) {
  const up = stores[`uptime_percent_last_${window}`][n];
  const dark = stores[`unknown_last_${window}`][n];
  return (
    (!search || stores.store_id[n].toLowerCase().includes(search)) &&
    (!downNow || stores.down_now[n]) &&
    (!unknown || dark === null || dark > 0) &&
    (percent === null || (up !== null && up < percent)) &&
    (!zone || stores.zone[n] === zone)
  );
}

const sorting = () => new URLSearchParams(location.search).get("sort") ?? "";

function compare(name, sign) {
  const values = stores[name];
  return (a, b) => {
    const [x, y] = [values[a], values[b]];
    if (x === y) return 0;
    if (x === null || y === null) return x === null ? 1 : -1; // what is unknown comes last either way
    return x < y ? -sign : sign;
  };
}

function arrange() {
  const wanted = chosen();
  order = [];
  for (let n = 0; n < stores.store_id.length; n++) if (matches(n, wanted)) order.push(n);
  const [, minus, name] = sorting().match(/^(-?)(\w+)$/) ?? [];
  if (name in stores) order.sort(compare(name, minus ? -1 : 1));
  for (const head of table.querySelectorAll("[data-sort]")) {
    const direction = head.dataset.sort !== name ? "none" : minus ? "descending" : "ascending";
    head.setAttribute("aria-sort", direction);
  }
  part("matched").textContent = `${number(order.length)} of ${number(stores.store_id.length)} stores`;
  renderAnew();
}

// The address says what is shown, so that it can be shared; downloads have the same words.
function query() {
  const given = new URLSearchParams([...new FormData(filter)].filter(([, value]) => value !== ""));
  if (!given.has("below") && !given.has("unknown")) given.delete("window");
  if (given.get("window") === "week") given.delete("window");
  return given;
}

function addressed(sort = sorting()) {
  const given = query();
  showDownloads(given);
  if (sort) given.set("sort", sort);
  const text = given.toString();
  history.replaceState(history.state, "", text ? `?${text}` : location.pathname);
}

function showDownloads(given) {
  for (const link of document.querySelectorAll("[data-format]")) {
    const wanted = new URLSearchParams(given);
    wanted.set("format", link.dataset.format);
    if (part("all-columns").checked) wanted.set("columns", "extended");
    link.href = `/get_report/${report}?${wanted}`;
  }
}

function refilter() {
  if (!filter.checkValidity()) return;
  addressed();
  scroll.scrollTop = 0;
  arrange();
}

function clear(event) {
  event.preventDefault();
  for (const field of filter.elements) {
    if (field.type === "checkbox") field.checked = false;
    else field.value = field.name === "window" ? "week" : "";
  }
  refilter();
}

function sortBy(name) {
  const [ascending, descending] = [name, `-${name}`];
  const order = FIRST_DESCENDING.test(name) ? ["", descending, ascending] : ["", ascending, descending];
  const now = order.indexOf(sorting());
  addressed(order[(Math.max(now, 0) + 1) % 3]);
  scroll.scrollTop = 0;
  arrange();
}

function step(event) {
  const row = event.target.closest("tr[aria-rowindex]");
  const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!row || !by) return;
  event.preventDefault();
  const position = Number(row.getAttribute("aria-rowindex")) - 3 + by;
  if (position < 0 || position >= order.length) return;
  shown.get(position)?.querySelector("a").focus({ preventScroll: true });
  const head = table.tHead.getBoundingClientRect().height;
  const top = position * rowHeight;
  if (top < scroll.scrollTop) scroll.scrollTop = top;
  if (top + rowHeight + head > scroll.scrollTop + scroll.clientHeight) scroll.scrollTop = top + rowHeight + head - scroll.clientHeight;
  renderInSight();
}

// -------------------------------------------------------------------------------------------------------------------

async function start() {
  for (const head of table.querySelectorAll("[data-sort]")) {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    button.addEventListener("click", () => sortBy(head.dataset.sort));
    head.append(button);
  }
  drawAxis();
  const answer = await fetch(`/view/${report}/fleet.json`);
  if (!answer.ok) return say("The whole table could not be fetched; below are its first rows. Load the page again.");
  stores = await answer.json();
  addressed();
  arrange();
  if (history.state?.top) scroll.scrollTop = history.state.top;
  scroll.addEventListener("scroll", () => requestAnimationFrame(renderInSight), { passive: true });
  scroll.addEventListener("scrollend", () => history.replaceState({ top: scroll.scrollTop }, ""), { passive: true });
  scroll.addEventListener("keydown", step);
  addEventListener("resize", renderInSight);
  filter.addEventListener("input", refilter);
  part("clear").addEventListener("click", clear);
  filter.addEventListener("submit", (event) => { event.preventDefault(); refilter(); });
  part("all-columns").addEventListener("change", () => showDownloads(query()));
  addEventListener("beforeprint", () => render(0, Math.min(order.length, PRINTED)));
  addEventListener("afterprint", renderAnew);
  table.dataset.ready = "true";
  performance.mark("ready");
}

await start();
