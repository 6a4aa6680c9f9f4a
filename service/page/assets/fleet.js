// The fleet's table: which stores it shows, in which order, and the address and downloads that say the same.

import { drawAxis } from "./lanes.js";
import { part, showMessage } from "./page.js";
import { focusNeighbour, renderAnew, renderForPrint, renderInSight, setStores, showInOrder } from "./rows.js";
import { formatNumber } from "./words.js";

const FIRST_DESCENDING = /^(downtime|unknown|last_poll)/; // a first click puts the worst, or the newest, on top

const table = part("fleet");
const scroll = part("stores-scroll");
const filter = part("filter");
const report = table.dataset.report;

let stores = null; // columns by name

// Filter and order ----------------------------------------------------------------------------------------------------

function filterValues() {
  const form = new FormData(filter);
  return {
    search: form.get("search").toLowerCase(),
    downNow: form.has("down_now"),
    unknown: form.has("unknown"),
    below: form.get("below") === "" ? null : Number(form.get("below")),
    window: form.get("window"),
    zone: form.get("zone"),
    only: chosenValues(form.getAll("only")),
  };
}

// city=Berlin, brand=A: several values of one attribute mean any of them, several attributes all of them.
function chosenValues(texts) {
  const values = {};
  for (const [, name, value] of texts.map((text) => text.match(/^([^=]+)=(.*)$/s)).filter(Boolean)) {
    (values[name] ??= []).push(value);
  }
  return Object.entries(values);
}

const hasText = (text, search) => text !== null && text !== undefined && text.toLowerCase().includes(search);

function matches(n, { search, downNow, unknown, below, window, zone, only }) {
  const percent = stores[`uptime_percent_last_${window}`][n];
  const unknownSeconds = stores[`unknown_last_${window}`][n];
  return (
    (!search || hasText(stores.store_id[n], search) || hasText(stores.name?.[n], search)) &&
    (!downNow || stores.down_now[n]) &&
    (!unknown || unknownSeconds === null || unknownSeconds > 0) &&
    (below === null || (percent !== null && percent < below)) &&
    (!zone || stores.zone[n] === zone) &&
    only.every(([name, values]) => values.includes(stores.attributes?.[name]?.[n] ?? ""))
  );
}

const sortKey = () => new URLSearchParams(location.search).get("sort") ?? "";

function comparator(name, sign) {
  const values = stores[name];
  return (a, b) => {
    const [x, y] = [values[a], values[b]];
    if (x === y) return 0;
    if (x === null || y === null) return x === null ? 1 : -1; // what is unknown comes last either way
    return x < y ? -sign : sign;
  };
}

function arrange() {
  const values = filterValues();
  const numbers = [];
  for (let n = 0; n < stores.store_id.length; n++) if (matches(n, values)) numbers.push(n);
  const [, minus, name] = sortKey().match(/^(-?)(\w+)$/) ?? [];
  if (name in stores) numbers.sort(comparator(name, minus ? -1 : 1));
  for (const head of table.querySelectorAll("[data-sort]")) {
    const direction = head.dataset.sort !== name ? "none" : minus ? "descending" : "ascending";
    head.setAttribute("aria-sort", direction);
  }
  part("matched").textContent = `${formatNumber(numbers.length)} of ${formatNumber(stores.store_id.length)} stores`;
  showInOrder(numbers);
}

// The address holds the filter and the order, so that it can be shared; downloads take the same words.
function query() {
  const words = new URLSearchParams([...new FormData(filter)].filter(([, value]) => value !== ""));
  if (!words.has("below") && !words.has("unknown")) words.delete("window");
  if (words.get("window") === "week") words.delete("window");
  return words;
}

function writeAddress(sort = sortKey()) {
  const words = query();
  linkDownloads(words);
  if (sort) words.set("sort", sort);
  const text = words.toString();
  history.replaceState(history.state, "", text ? `?${text}` : location.pathname);
}

function linkDownloads(words) {
  for (const link of document.querySelectorAll("[data-format]")) {
    const parameters = new URLSearchParams(words);
    parameters.set("format", link.dataset.format);
    if (part("all-columns").checked) parameters.set("columns", "extended");
    link.href = `/get_report/${report}?${parameters}`;
  }
}

function checkAttributes() {
  for (const field of filter.querySelectorAll("[name=only]")) {
    const [name, value] = field.value.split("=", 2);
    const isUnknown = value !== undefined && !(name in stores.attributes);
    field.setCustomValidity(isUnknown ? `There is no attribute ${name}.` : "");
  }
}

function refilter() {
  checkAttributes();
  if (!filter.checkValidity()) return;
  writeAddress();
  scroll.scrollTop = 0;
  arrange();
}

// Not `reset`, which brings back the values that the page came with: those of the address.
function clearFilter(event) {
  event.preventDefault();
  for (const field of filter.elements) {
    if (field.type === "checkbox") field.checked = false;
    else field.value = field.name === "window" ? "week" : "";
  }
  refilter();
}

function sortBy(name) {
  const [ascending, descending] = [name, `-${name}`];
  const turns = FIRST_DESCENDING.test(name) ? ["", descending, ascending] : ["", ascending, descending];
  const now = turns.indexOf(sortKey());
  writeAddress(turns[(Math.max(now, 0) + 1) % 3]);
  scroll.scrollTop = 0;
  arrange();
}

// Start ---------------------------------------------------------------------------------------------------------------

function makeHeadsSortable() {
  for (const head of table.querySelectorAll("[data-sort]")) {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    button.addEventListener("click", () => sortBy(head.dataset.sort));
    head.append(button);
  }
}

function listen() {
  scroll.addEventListener("scroll", () => requestAnimationFrame(renderInSight), { passive: true });
  scroll.addEventListener("scrollend", () => history.replaceState({ top: scroll.scrollTop }, ""), { passive: true });
  scroll.addEventListener("keydown", focusNeighbour);
  addEventListener("resize", renderInSight);
  filter.addEventListener("input", refilter);
  part("clear").addEventListener("click", clearFilter);
  filter.addEventListener("submit", (event) => { event.preventDefault(); refilter(); });
  part("all-columns").addEventListener("change", () => linkDownloads(query()));
  addEventListener("beforeprint", renderForPrint);
  addEventListener("afterprint", renderAnew);
}

async function start() {
  makeHeadsSortable();
  drawAxis(Date.parse(table.dataset.now));
  const answer = await fetch(`/view/${report}/fleet.json`);
  if (!answer.ok) {
    return showMessage("The whole table could not be fetched; below are its first rows. Load the page again.");
  }
  stores = await answer.json();
  setStores(stores);
  writeAddress();
  arrange();
  if (history.state?.top) scroll.scrollTop = history.state.top;
  listen();
  table.dataset.ready = "true";
  performance.mark("ready");
}

await start();
