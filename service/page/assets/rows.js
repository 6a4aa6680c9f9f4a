// The rows of the fleet's table: all stores in memory, those in sight in the document.

import { blankLane, fillLane } from "./lanes.js";
import { part } from "./page.js";
import { formatDuration, formatPollTime, isolated } from "./words.js";

const SPARE = 10; // rows beyond the edge, so that not each frame of a scroll has to make some
const PRINTED = 1000;
const HEAD_ROWS = 2;
const WINDOWS = ["hour", "day", "week"];
const LENGTHS = [
  ...["downtime", "uptime"].flatMap((kind) => WINDOWS.map((window) => `${kind}_last_${window}`)),
  "unknown_last_week",
];

const table = part("fleet");
const scroll = part("stores-scroll");
const body = table.tBodies[0];

let stores = null; // columns by name
let order = []; // numbers of the stores that are shown, in their order
let rowHeight = 0;
let shown = new Map(); // position -> row of the table
let rendered = { first: 0, last: 0 }; // the positions that have one

export function setStores(columns) {
  stores = columns;
}

export function showInOrder(numbers) {
  order = numbers;
  renderAnew();
}

// A copy of a row is quicker than thirteen cells made one by one.
const blank = document.createElement("tr");
blank.append(document.createElement("th"), ...Array.from({ length: 12 }, () => document.createElement("td")));
blank.cells[0].scope = "row";
blank.cells[0].append(document.createElement("div"));
blank.cells[0].firstChild.append(document.createElement("a"));
blank.querySelector("a").append(document.createElement("bdi"));
blank.cells[1].className = "lane";
blank.cells[1].append(blankLane());
for (let column = 2; column <= 9; column++) blank.cells[column].className = "num";

function filledRow(position) {
  const n = order[position];
  const row = blank.cloneNode(true);
  const [head, lane, ...cells] = row.cells;
  const link = head.firstChild.firstChild;
  row.setAttribute("aria-rowindex", position + HEAD_ROWS + 1);
  link.href = `/view/${table.dataset.report}/store?store_id=${encodeURIComponent(stores.store_id[n])}`;
  link.firstChild.textContent = stores.name?.[n] || stores.store_id[n];
  if (stores.name?.[n]) link.append(" ", quietId(stores.store_id[n]));
  link.title = isolated(stores.store_id[n]);
  if (stores.down_now[n]) head.firstChild.append(" ", badge());
  if (stores.lanes && !stores.hours_unknown[n]) fillLane(lane.firstChild, stores.lanes[n] ?? []);
  else lane.textContent = stores.lanes ? "hours unknown" : "";
  const texts = [
    share(n),
    ...LENGTHS.map((name) => formatDuration(stores[name][n])),
    formatPollTime(stores.last_poll[n]),
    stores.last_active[n] ? "active" : "inactive",
    stores.zone[n],
  ];
  for (const [number, text] of texts.entries()) cells[number].textContent = text;
  return row;
}

function share(n) {
  const percent = stores.uptime_percent_last_week[n];
  if (percent !== null) return `${percent.toFixed(2)} %`;
  return stores.business_last_week[n] === 0 ? "closed" : "unknown";
}

function quietId(id) {
  const element = document.createElement("bdi");
  element.className = "quiet";
  element.textContent = id;
  return element;
}

function badge() {
  const element = document.createElement("span");
  element.className = "badge";
  element.textContent = table.dataset.down;
  return element;
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
    const row = shown.get(position) ?? filledRow(position);
    shown.set(position, row);
    if (row.nextSibling !== next) next.before(row);
    next = row;
  }
  above.firstChild.style.height = `${first * rowHeight}px`;
  below.firstChild.style.height = `${(order.length - last) * rowHeight}px`;
  above.hidden = first === 0;
  below.hidden = last === order.length;
  rendered = { first, last };
}

export function renderInSight() {
  const first = Math.min(Math.floor(scroll.scrollTop / rowHeight), order.length);
  const last = Math.min(Math.ceil((scroll.scrollTop + scroll.clientHeight) / rowHeight), order.length);
  if (first >= rendered.first && last <= rendered.last) return;
  render(Math.max(0, first - SPARE), Math.min(order.length, last + SPARE));
}

export function renderAnew() {
  shown = new Map();
  body.replaceChildren(above, below);
  table.setAttribute("aria-rowcount", order.length + HEAD_ROWS);
  if (!rowHeight && order.length) {
    render(0, Math.min(2, order.length));
    rowHeight = shown.get(0).getBoundingClientRect().height;
  }
  render(0, 0); // the space of all rows first: how much of it is in sight is measured next
  renderInSight();
}

// Paper has no scroll: as many rows as somebody may want to carry, not the hundred thousand of a large fleet.
export const renderForPrint = () => render(0, Math.min(order.length, PRINTED));

// The row that an arrow key leads to may not be in the document yet: it is scrolled to first.
export function focusNeighbour(event) {
  const row = event.target.closest("tr[aria-rowindex]");
  const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!row || !by) return;
  event.preventDefault();
  const position = Number(row.getAttribute("aria-rowindex")) - HEAD_ROWS - 1 + by;
  if (position < 0 || position >= order.length) return;
  shown.get(position)?.querySelector("a").focus({ preventScroll: true });
  const head = table.tHead.getBoundingClientRect().height;
  const [top, bottom] = [position * rowHeight, (position + 1) * rowHeight + head];
  if (top < scroll.scrollTop) scroll.scrollTop = top;
  if (bottom > scroll.scrollTop + scroll.clientHeight) scroll.scrollTop = bottom - scroll.clientHeight;
  renderInSight();
}
