// The table of stores: which it shows, in which order, and the address and the downloads that say the same.

import { withAttributes } from "./attributes.js";
import {
  checkAttributes, chipSort, chosenStores, clearFilters, countValues, fillFilters, filterWords, listWords, setChip,
  showChips, showRefusals, startChips,
} from "./chips.js";
import {
  arrangeHead, chooseColumns, columnWords, fillColumnsMenu, firstDirection, startColumns, valuesOf,
} from "./columns.js";
import { clearFieldError } from "./fields.js";
import { keepList } from "./kept_list.js";
import { drawAxis } from "./lanes.js";
import { contentOf, part, sentenceOf, showMessage } from "./page.js";
import {
  focusNeighbour, openRow, refillColumn, refreshColumns, renderAnew, renderForPrint, renderInSight, renderResized, showInOrder,
  startRows,
} from "./rows.js";
import { startTips } from "./tips.js";
import { startViews } from "./views.js";
import { formatNumber } from "./words.js";

const table = part("fleet");
const filter = part("filter");
const report = table.dataset.report;
const nowMs = Date.parse(table.dataset.now);
const MINUTE_MS = 60_000;

let stores = null; // columns by name
let keeping = null; // the timer of `keepOrder`

// Order and address -----------------------------------------------------------------------------------------------------

const sortKey = () => new URLSearchParams(location.search).get("sort") ?? "";

function comparator(values, sign) {
  return (a, b) => {
    const [x, y] = [values[a], values[b]];
    if (x === y) return 0;
    if (x === null || y === null) return x === null ? 1 : -1; // what is unknown comes last either way
    return x < y ? -sign : sign;
  };
}

function arrange() {
  const found = chosenStores();
  const [, minus, name] = (sortKey() || chipSort() || "").match(/^(-?)(.+)$/s) ?? [];
  const values = name && valuesOf(name);
  if (values) found.numbers.sort(comparator(values, minus ? -1 : 1));
  for (const head of table.querySelectorAll("[data-sort]")) {
    const direction = head.dataset.sort !== name ? "none" : minus ? "descending" : "ascending";
    head.setAttribute("aria-sort", direction);
  }
  showChips(found);
  linkDownloads(found.numbers);
  refreshColumns(name);
  showInOrder(found.numbers);
  clearTimeout(keeping); // rows first: nobody has clicked one yet
  keeping = setTimeout(keepOrder, 0, found.numbers);
}

// A store's view leads to the one before and after it.
function keepOrder(numbers) {
  const ids = Array.from(numbers, (number) => stores.store_id[number]);
  const words = listWords().toLowerCase() || "stores";
  keepList(report, { words, ids, address: location.pathname + location.search });
}

// What the view shows, in the words of an address. Without the columns somebody else would see those of his own choice.
function viewWords(sort = sortKey()) {
  const words = filterWords();
  if (sort) words.set("sort", sort);
  words.set("show", columnWords());
  return words;
}

// The address holds the filter, the order and the columns, so that it can be shared. What somebody has clicked on can be
// taken back; what he has typed would be a step a letter.
function addressOf(sort) {
  const words = String(viewWords(sort));
  return words === "show=usual" ? location.pathname : `?${words}`;
}

function replaceAddress() {
  history.replaceState(history.state, "", addressOf());
}

function pushAddress(sort) {
  const address = addressOf(sort);
  if (address === (location.search || location.pathname)) return;
  history.pushState(null, "", address);
}

// A file knows the words of the API, which has all but the order of the worst.
function linkDownloads(numbers) {
  const words = filterWords();
  words.delete("chip");
  for (const link of document.querySelectorAll("[data-format]")) {
    const parameters = new URLSearchParams(words);
    parameters.set("format", link.dataset.format);
    if (part("all-columns").checked) parameters.set("columns", "extended");
    link.href = `/get_report/${report}?${parameters}`;
  }
  part("download-words").textContent = `${formatNumber(numbers.length)} ${numbers.length === 1 ? "store" : "stores"}`;
}

function toTop() {
  const head = table.getBoundingClientRect().top;
  if (head < 0) scrollBy(0, head);
}

function showAnew() {
  checkAttributes();
  toTop();
  arrange();
}

function refilter() {
  checkAttributes();
  pushAddress();
  showAnew();
}

function refilterWhileTyping() {
  checkAttributes();
  replaceAddress();
  showAnew();
}

function sortBy(name) {
  const first = firstDirection(name) + name;
  const turns = ["", first, first === name ? `-${name}` : name];
  const now = turns.indexOf(sortKey());
  pushAddress(turns[(Math.max(now, 0) + 1) % 3]);
  showAnew();
}

function changeColumns() {
  arrangeHead(sortBy);
  pushAddress();
  arrange();
}

// Back and forward lead to what was shown, not to another page.
function showAddress() {
  const words = new URLSearchParams(location.search);
  fillFilters(words);
  chooseColumns(words.get("show"));
  arrangeHead(sortBy);
  showRefusals();
  showAnew();
}

// Start -----------------------------------------------------------------------------------------------------------------

// Not `reset`, which brings back the values that the page came with: those of the address.
function showAll(event) {
  event.preventDefault();
  clearFilters();
  refilter();
  showRefusals();
  document.querySelector("[data-chip][aria-current]").focus();
}

function chooseChip(event) {
  const chip = event.target.closest("[data-chip]");
  if (!chip || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  setChip(chip.dataset.chip);
  pushAddress(""); // each list has an order of its own
  showAnew();
}

const isWritten = (field) => field.matches("input:not([type=checkbox])");

function whileTyping({ target }) {
  if (!isWritten(target)) return;
  clearFieldError(target);
  refilterWhileTyping();
}

function whenChanged({ target }) {
  showRefusals();
  if (!isWritten(target)) refilter();
}

function findByKey(event) {
  const isWriting = event.target.closest("input:not([type=checkbox]), select, textarea, [contenteditable]");
  if (event.key === "/" && !isWriting && !event.ctrlKey && !event.metaKey && !event.altKey) {
    event.preventDefault();
    for (const menu of document.querySelectorAll("details.menu[open]")) menu.open = false;
    part("find").focus();
  }
  if (event.key === "Escape" && event.target === part("find") && part("find").value) {
    part("find").value = "";
    refilterWhileTyping();
  }
}

function listen() {
  addEventListener("scroll", () => requestAnimationFrame(renderInSight), { passive: true });
  addEventListener("scrollend", () => history.replaceState({ top: scrollY }, ""), { passive: true });
  addEventListener("resize", renderResized);
  addEventListener("keydown", findByKey);
  table.tBodies[0].addEventListener("keydown", focusNeighbour);
  table.tBodies[0].addEventListener("click", openRow);
  table.tBodies[0].addEventListener("auxclick", openRow);
  filter.addEventListener("input", whileTyping);
  filter.addEventListener("change", whenChanged);
  filter.addEventListener("submit", (event) => { event.preventDefault(); showRefusals(); refilter(); });
  addEventListener("popstate", showAddress);
  filter.querySelector(".chips").addEventListener("click", chooseChip);
  part("clear").addEventListener("click", showAll);
  part("nothing").querySelector("a").addEventListener("click", showAll);
  part("add-filter").addEventListener("toggle", countValues);
  part("all-columns").addEventListener("change", () => linkDownloads(chosenStores().numbers));
  document.addEventListener("clock-change", () => {
    drawAxis(nowMs, stores.incidents);
    renderAnew();
  });
  setInterval(() => refillColumn("last_poll"), MINUTE_MS); // how long ago it was goes on, as in the bar
  addEventListener("beforeprint", renderForPrint);
  addEventListener("afterprint", renderAnew);
}

async function start() {
  history.scrollRestoration = "manual"; // the rows that it would scroll to are not there yet
  try {
    const answer = await fetch(`/view/${report}/fleet.json`); // the page has asked for it already: see its head
    stores = withAttributes(await contentOf(answer));
  } catch (error) {
    return showMessage(`The whole table could not be fetched; below are its first rows. ${sentenceOf(error)}`);
  }
  startChips(stores);
  startColumns(stores, new URLSearchParams(location.search).get("show"));
  startRows(stores);
  startTips(stores);
  fillColumnsMenu(changeColumns);
  startViews(() => String(viewWords()));
  drawAxis(nowMs, stores.incidents);
  arrangeHead(sortBy);
  checkAttributes();
  replaceAddress();
  arrange();
  if (history.state?.top) scrollTo(0, history.state.top);
  renderInSight();
  listen();
  table.dataset.ready = "true";
  performance.mark("ready");
}

await start();
