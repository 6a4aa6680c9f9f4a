// The columns of the table of stores: what there is, what a cell of each says, and which of them somebody has chosen.

import { currentClock, ownOffset } from "./clock.js";
import { blankLane, fillLane } from "./lanes.js";
import { part } from "./page.js";
import { keep, readKept } from "./storage.js";
import {
  DAY_S, formatDownFor, formatHours, formatLastPoll, formatLastPollTime, formatNumber, formatOffset, formatTime, isolated,
  withoutControls,
} from "./words.js";

const KEY = "columns";
const USUAL = "usual"; // in the place of the names of the usual columns
const ATTRIBUTE = "attribute.";
const MINUTE_MS = 60_000;
const WINDOWS = ["hour", "day", "week"];
const KINDS = [["downtime", "Down"], ["uptime", "Up"], ["unknown", "Unknown"], ["business", "Open"]];
// A first click on these puts the worst, or the newest, on top.
const FIRST_DESCENDING = /^(down_for|downtime|unknown|last_poll)/;

const table = part("fleet");
const nowMs = Date.parse(table.dataset.now);

let stores = null; // columns by name
let columns = []; // all that there are
let chosen = []; // those that are shown
let sortedNames = [];

// key, heading, width (a class of <col>), blank (a cell to be copied), fill (a cell, with the number of a store)
function column(key, heading, width, fill, { className = "", words = heading, blank = () => blankCell(className) } = {}) {
  return { key, heading, words, width, fill, blank, className };
}

function blankCell(className) {
  const cell = document.createElement("td");
  cell.className = className;
  return cell;
}

// named: those of an address; null where it says nothing of them.
export function startColumns(data, named) {
  stores = data;
  columns = [
    column("store_id", "Store", "wide", fillName, { blank: blankName }),
    column("down_for", "Down for", "length", fillDownFor, { className: "is-down" }),
    column("lane", "", "lane", fillLaneCell, { words: "Week", className: "lane", blank: blankLaneCell }),
    ...["day", "week", "hour"].map(percentColumn),
    ...KINDS.flatMap((kind) => ["day", "week", "hour"].map((window) => lengthColumn(...kind, window))),
    ...WINDOWS.map((window) => textColumn(`polls_last_${window}`, `Polls, ${window}`, "length", formatNumber, "num")),
    textColumn("change_day", "Change, day", "length", formatChange, "num"),
    column("last_poll", "Last seen", "seen", fillLastSeen, { blank: blankLastSeen }),
    textColumn("last_active", "Last status", "length", (isActive) => (isActive ? "active" : "inactive")),
    ...[...stores.attributes.keys()].map(attributeColumn),
    textColumn("zone", "Zone", "zone", (text) => text, "place"),
    textColumn("always_open", "Always open", "length", (isOpen) => (isOpen ? "yes" : "no")),
  ];
  sortedNames = stores.store_id.map((id, n) => (stores.name?.[n] || id).toLowerCase());
  chooseColumns(named);
}

export function chooseColumns(named) {
  const kept = readKept(KEY, null);
  const ofAddress = named === USUAL ? defaultKeys() : known(named?.split(",").map(decodedKey) ?? null);
  chosen = ofAddress ?? known(Array.isArray(kept) ? kept : null) ?? defaultKeys();
  for (const box of part("columns").querySelectorAll("input")) box.checked = chosen.includes(box.value);
}

function decodedKey(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // somebody has written a % by hand
  }
}

// A list that names the store, of columns that there are; null for what is none, as a choice of other data may be.
function known(keys) {
  const found = columns.map(({ key }) => key).filter((key) => keys?.includes(key));
  if (!found.length) return null;
  return found.includes("store_id") ? found : ["store_id", ...found];
}

function defaultKeys() {
  const place = stores.attributes.has("city") ? `${ATTRIBUTE}city` : "zone";
  const figures = ["uptime_percent_last_day", "uptime_percent_last_week", "downtime_last_day", "downtime_last_week"];
  return known(["store_id", "down_for", "lane", ...figures, "last_poll", place]);
}

export const shownColumns = () => columns.filter(({ key }) => chosen.includes(key));
const hasDefaultColumns = () => String(chosen) === String(defaultKeys());

// What an address says of the columns: their keys by commas, with %2C for one within the name of an attribute.
export const columnWords = () => hasDefaultColumns()
  ? USUAL
  : chosen.map((key) => key.replaceAll("%", "%25").replaceAll(",", "%2C")).join(",");

// What a column is sorted by; undefined where there is no such column.
export function valuesOf(key) {
  if (key === "store_id") return sortedNames; // what is shown in the column
  if (key.startsWith(ATTRIBUTE)) return stores.attributes.get(key.slice(ATTRIBUTE.length));
  return key !== "lane" && columns.some((each) => each.key === key) ? stores[key] : undefined;
}

// Cells -----------------------------------------------------------------------------------------------------------------

function blankName() {
  const cell = document.createElement("th");
  cell.scope = "row";
  const link = document.createElement("a");
  link.append(document.createElement("bdi"));
  cell.append(link);
  return cell;
}

function fillName(cell, n) {
  const [link, id, name] = [cell.firstChild, stores.store_id[n], stores.name?.[n]];
  link.href = `/view/${table.dataset.report}/store?store_id=${encodeURIComponent(id).replaceAll("%20", "+")}`;
  link.title = isolated(id);
  link.firstChild.textContent = withoutControls(name || id);
  if (!name) return;
  const quiet = document.createElement("bdi");
  quiet.className = "quiet";
  quiet.textContent = withoutControls(id);
  link.append(" ", quiet);
}

function fillDownFor(cell, n) {
  if (stores.down_now[n]) cell.textContent = formatDownFor(stores.down_for[n], stores.down_for_is_cut[n]);
}

function blankLaneCell() {
  const cell = blankCell("lane");
  cell.append(blankLane(stores.incidents));
  return cell;
}

function fillLaneCell(cell, n) {
  if (stores.lanes && !stores.hours_unknown[n]) fillLane(cell.firstChild, stores.lanes[n] ?? []);
  else cell.textContent = stores.hours_unknown[n] ? "hours unknown" : "";
}

function percentColumn(window) {
  const [percents, business] = [stores[`uptime_percent_last_${window}`], stores[`business_last_${window}`]];
  const fill = (cell, n) => {
    const percent = percents[n];
    cell.textContent = percent !== null ? `${percent.toFixed(2)} %` : business[n] === 0 ? "closed" : "unknown";
  };
  const heading = window[0].toUpperCase() + window.slice(1);
  return column(`uptime_percent_last_${window}`, heading, "percent", fill, { className: `num ${window}`, words: `Uptime, ${window}` });
}

function lengthColumn(kind, word, window) {
  const lengths = stores[`${kind}_last_${window}`];
  const fill = (cell, n) => {
    cell.textContent = formatHours(lengths[n]);
    cell.classList.toggle("pale", lengths[n] === 0);
  };
  return column(`${kind}_last_${window}`, `${word}, ${window}`, "length", fill, { className: "num" });
}

function textColumn(key, heading, width, format = (text) => text, className = "") {
  const fill = (cell, n) => {
    const value = stores[key][n];
    cell.textContent = value === null ? "" : format(value);
  };
  return column(key, heading, width, fill, { className });
}

function attributeColumn(name) {
  const values = stores.attributes.get(name);
  const fill = (cell, n) => { cell.firstChild.textContent = withoutControls(values[n] ?? ""); };
  return column(ATTRIBUTE + name, withoutControls(name), "place", fill, { className: "place", blank: blankPlace });
}

function blankPlace() {
  const cell = blankCell("place");
  cell.append(document.createElement("bdi"));
  return cell;
}

const formatChange = (points) => `${points > 0 ? "+" : points < 0 ? "−" : ""}${Math.abs(points).toFixed(2)}`;

function blankLastSeen() {
  const cell = blankCell("seen");
  cell.append(document.createElement("span"));
  return cell;
}

function fillLastSeen(cell, n) {
  const seconds = stores.last_poll[n];
  const offset = offsetOf(n, 1000 * seconds);
  // By the clock, as the age of all data in the bar. freshness.py has the same rule.
  const clockMs = Math.max(Date.now(), nowMs);
  const isSilent = Boolean(stores.no_recent_poll[n]);
  cell.firstChild.textContent = clockMs - nowMs > 1000 * DAY_S
    ? formatLastPollTime(1000 * seconds, isSilent, offset)
    : formatLastPoll(clockMs / 1000 - seconds, isSilent);
  cell.firstChild.className = isSilent ? "silent" : "";
  const zone = currentClock() === "utc" ? "UTC" : formatOffset(offset);
  cell.title = `Last poll ${formatTime(1000 * seconds, offset)} ${zone}`;
}

// Minutes that the chosen clock is ahead of UTC at an instant, in the row of a store. By the offsets of the report: the
// rules of the browser are of another version.
export function offsetOf(n, ms) {
  if (currentClock() === "utc") return 0;
  if (currentClock() === "mine") return ownOffset(ms);
  const minute = (ms - nowMs) / MINUTE_MS + 7 * 24 * 60;
  const offsets = stores.offsets[stores.zone[n]];
  return (offsets.findLast(([from]) => from <= minute) ?? offsets[0])[1];
}

// The head and the menu -------------------------------------------------------------------------------------------------

// The cells of the server are kept: only what is added is made, so that the focus stays where it is.
export function arrangeHead(onSort) {
  const row = table.tHead.rows[0];
  const cells = new Map([...row.cells].map((cell) => [cell.dataset.column, cell]));
  row.replaceChildren(...shownColumns().map((each) => cells.get(each.key) ?? headCell(each)));
  table.querySelector("colgroup").replaceChildren(...shownColumns().map(({ key, width }) => {
    const col = document.createElement("col");
    col.className = [width, ...spareClass(key)].join(" ");
    return col;
  }));
  table.classList.toggle("wide", !hasDefaultColumns());
  for (const cell of row.querySelectorAll("[data-sort]:not(:has(button))")) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = cell.textContent; // in the place of a link, which sorts on the server
    button.addEventListener("click", () => onSort(cell.dataset.sort));
    cell.replaceChildren(button);
  }
}

// The usual columns that give way to the week in a narrow window, the first first.
const SPARE = { downtime_last_day: 1, "attribute.city": 2, zone: 2, uptime_percent_last_day: 3, downtime_last_week: 4 };
const spareClass = (key) => Object.hasOwn(SPARE, key) ? [`spare-${SPARE[key]}`] : [];

// A cell of each shown column, to be copied; that of the column which the rows are sorted by is marked.
export function blankCells(sortedKey) {
  table.querySelectorAll("col").forEach((col, number) => {
    col.classList.toggle("sorted", shownColumns()[number].key === sortedKey);
  });
  return shownColumns().map(({ key, heading, blank }) => {
    const cell = blank();
    cell.classList.add(...spareClass(key));
    cell.classList.toggle("sorted", key === sortedKey);
    if (cell.localName === "td" && heading) cell.dataset.label = heading;
    return cell;
  });
}

let laneHead = null; // kept while the week is not shown: the axis is drawn in it

function headCell({ key, heading, className }) {
  if (key === "lane") return laneHead;
  const cell = document.createElement("th");
  cell.scope = "col";
  cell.className = [...(className.startsWith("num") ? ["num"] : []), ...spareClass(key)].join(" ");
  cell.dataset.column = cell.dataset.sort = key;
  cell.textContent = heading;
  return cell;
}

export function fillColumnsMenu(onChange) {
  laneHead = table.tHead.querySelector("[data-column=lane]");
  const boxes = columns.slice(1).map(({ key, words }) => {
    const [label, box] = [document.createElement("label"), document.createElement("input")];
    box.type = "checkbox";
    box.value = key;
    box.checked = chosen.includes(key);
    label.append(box, " ", words);
    return label;
  });
  const usual = document.createElement("button");
  usual.type = "button";
  usual.textContent = "The usual ones";
  usual.addEventListener("click", () => {
    for (const box of part("columns").querySelectorAll("input")) box.checked = defaultKeys().includes(box.value);
    choose();
  });
  const choose = () => {
    const boxes = [...part("columns").querySelectorAll("input:checked")];
    chosen = known(["store_id", ...boxes.map(({ value }) => value)]);
    keep(KEY, hasDefaultColumns() ? null : chosen);
    onChange();
  };
  part("columns").replaceChildren(...boxes, usual);
  part("columns").addEventListener("change", choose);
}

export const firstDirection = (key) => FIRST_DESCENDING.test(key) ? "-" : "";
