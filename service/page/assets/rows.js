// The rows of the table of stores: all stores in memory, those in sight in the document. The page scrolls, not the table.

import { blankCells, shownColumns } from "./columns.js";
import { part } from "./page.js";

const SPARE = 10; // rows beyond the edge, so that not each frame of a scroll has to make some
const PRINTED = 1000;
const HEAD_ROWS = 1;

const table = part("fleet");
const body = table.tBodies[0];

let stores = null; // columns by name
let order = []; // numbers of the stores that are shown, in their order
let columns = [];
let blank = null; // a copy of a row is quicker than its cells made one by one
let rowHeight = 0;
let shown = new Map(); // position -> row of the table
let rendered = { first: 0, last: 0 }; // the positions that have one

export function startRows(data) {
  stores = data;
}

// Before rows are shown that have other columns, or are sorted by another one.
export function refreshColumns(sortedKey) {
  columns = shownColumns();
  blank = document.createElement("tr");
  blank.append(...blankCells(sortedKey));
}

export function showInOrder(numbers) {
  order = numbers;
  renderAnew();
}

const positionOf = (row) => Number(row.getAttribute("aria-rowindex")) - HEAD_ROWS - 1;

// The number of the store in a row.
export const storeOf = (row) => order[positionOf(row)];

function filledRow(position) {
  const n = order[position];
  const row = blank.cloneNode(true);
  row.setAttribute("aria-rowindex", position + HEAD_ROWS + 1);
  if (stores.down_now[n]) row.className = "down";
  let cell = row.firstChild;
  for (const column of columns) {
    column.fill(cell, n);
    cell = cell.nextSibling;
  }
  return row;
}

const above = document.createElement("tr");
const below = document.createElement("tr");
for (const space of [above, below]) {
  space.className = "space";
  space.setAttribute("aria-hidden", "true");
  space.append(document.createElement("td"));
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

// A column whose cells say other things with time.
export function refillColumn(key) {
  const number = columns.findIndex((column) => column.key === key);
  if (number < 0) return;
  for (const [position, row] of shown) columns[number].fill(row.cells[number], order[position]);
}

export function renderInSight() {
  const { top } = body.getBoundingClientRect();
  const inOrder = (position) => Math.min(Math.max(position, 0), order.length);
  const first = inOrder(Math.floor(-top / rowHeight));
  const last = inOrder(Math.ceil((innerHeight - top) / rowHeight));
  if (first >= rendered.first && last <= rendered.last) return;
  render(inOrder(first - SPARE), inOrder(last + SPARE));
}

export function renderAnew() {
  shown = new Map();
  body.replaceChildren(above, below);
  table.setAttribute("aria-rowcount", order.length + HEAD_ROWS);
  if (order.length) {
    render(0, Math.min(2, order.length));
    rowHeight = shown.get(0).getBoundingClientRect().height;
  }
  render(0, 0); // the space of all rows first: how much of it is in sight is measured next
  renderInSight();
}

// A phone that is turned has rows of another height.
export function renderResized() {
  const row = body.querySelector("tr[aria-rowindex]");
  if (row && row.getBoundingClientRect().height !== rowHeight) renderAnew();
  else renderInSight();
}

// Paper has no scroll: as many rows as somebody may want to carry, not the hundred thousand of a large fleet.
export const renderForPrint = () => render(0, Math.min(order.length, PRINTED));

// The row that an arrow key leads to may not be in the document yet: it is scrolled to first.
export function focusNeighbour(event) {
  const row = event.target.closest("tr[aria-rowindex]");
  const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!row || !by) return;
  event.preventDefault();
  const position = positionOf(row) + by;
  if (position < 0 || position >= order.length) return;
  const head = table.tHead.getBoundingClientRect().bottom;
  const top = body.getBoundingClientRect().top + position * rowHeight;
  if (top < head) scrollBy(0, top - head);
  if (top + rowHeight > innerHeight) scrollBy(0, top + rowHeight - innerHeight);
  renderInSight();
  shown.get(position)?.querySelector("a").focus({ preventScroll: true });
}

// Opening ---------------------------------------------------------------------------------------------------------------

// The link of the first cell covers the row, but for the text of the others, so that it can be selected: a click there
// does what one on the link does.
export function openRow(event) {
  const row = event.target.closest("tr[aria-rowindex]");
  if (!row || event.target.closest("a") || event.defaultPrevented) return;
  const selection = getSelection();
  if (!selection.isCollapsed && selection.containsNode(row, true)) return;
  const { href } = row.querySelector("a");
  if (event.button === 1 || event.ctrlKey || event.metaKey || event.shiftKey) open(href, "_blank", "noopener");
  else if (event.button === 0) location.assign(href);
}
