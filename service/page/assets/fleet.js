// The table of stores: which it shows, in which order, and the address and the downloads that say the same.

import {
  checkAttributes, chipSort, chosenStores, clearFilters, countValues, currentChip, filterWords, setChip, showChips, startChips,
} from "./chips.js";
import {
  arrangeHead, chosenKeys, fillColumnsMenu, firstDirection, hasDefaultColumns, startColumns, valuesOf,
} from "./columns.js";
import { keepList } from "./kept_list.js";
import { drawAxis } from "./lanes.js";
import { part, showMessage } from "./page.js";
import {
  focusNeighbour, openRow, refreshColumns, renderAnew, renderForPrint, renderInSight, renderResized, showInOrder, startRows,
} from "./rows.js";
import { startTips } from "./tips.js";
import { startViews } from "./views.js";
import { formatNumber } from "./words.js";

const table = part("fleet");
const filter = part("filter");
const report = table.dataset.report;
const nowMs = Date.parse(table.dataset.now);

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
  linkDownloads(found);
  showInOrder(found.numbers);
  clearTimeout(keeping); // rows first: nobody has clicked one yet
  keeping = setTimeout(keepOrder, 0, found.numbers);
}

// A store's view leads to the one before and after it.
function keepOrder(numbers) {
  const ids = Array.from(numbers, (number) => stores.store_id[number]);
  const list = document.querySelector(`[data-chip="${currentChip()}"]`)?.firstChild.textContent.trim().toLowerCase();
  const words = !list || list === "all" ? "stores" : list;
  keepList(report, { words, ids, address: location.pathname + location.search });
}

// The address holds the filter, the order and the columns, so that it can be shared.
function writeAddress(sort = sortKey()) {
  const words = filterWords();
  if (sort) words.set("sort", sort);
  if (!hasDefaultColumns()) words.set("show", chosenKeys());
  const text = words.toString();
  history.replaceState(history.state, "", text ? `?${text}` : location.pathname);
}

// A file knows the words of the API: of a list that is of the page alone it holds what the other filters leave.
function linkDownloads({ others, numbers }) {
  const words = filterWords();
  words.delete("chip");
  for (const link of document.querySelectorAll("[data-format]")) {
    const parameters = new URLSearchParams(words);
    parameters.set("format", link.dataset.format);
    if (part("all-columns").checked) parameters.set("columns", "extended");
    link.href = `/get_report/${report}?${parameters}`;
  }
  const isWhole = ["worse", "stale"].includes(currentChip());
  const count = isWhole ? others.length : numbers.length;
  const list = document.querySelector(`[data-chip="${currentChip()}"]`)?.firstChild.textContent.trim();
  const stores = `${formatNumber(count)} ${count === 1 ? "store" : "stores"}`;
  part("download-words").textContent = isWhole ? `${stores}: a file cannot be cut to the list “${list}”` : stores;
}

function toTop() {
  const head = table.getBoundingClientRect().top;
  if (head < 0) scrollBy(0, head);
}

function refilter() {
  checkAttributes();
  if (!filter.checkValidity()) return;
  writeAddress();
  toTop();
  arrange();
}

function sortBy(name) {
  const first = firstDirection(name) + name;
  const turns = ["", first, first === name ? `-${name}` : name];
  const now = turns.indexOf(sortKey());
  writeAddress(turns[(Math.max(now, 0) + 1) % 3]);
  toTop();
  arrange();
}

function changeColumns() {
  arrangeHead(sortBy);
  refreshColumns();
  writeAddress();
  arrange();
}

// Start -----------------------------------------------------------------------------------------------------------------

// Not `reset`, which brings back the values that the page came with: those of the address.
function showAll(event) {
  event.preventDefault();
  clearFilters();
  refilter();
  document.querySelector("[data-chip][aria-current]").focus();
}

function chooseChip(event) {
  const chip = event.target.closest("[data-chip]");
  if (!chip || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  setChip(chip.dataset.chip);
  writeAddress(""); // each list has an order of its own
  refilter();
}

function findByKey(event) {
  const isWriting = event.target.closest("input:not([type=checkbox]), select, textarea, [contenteditable]");
  if (event.key === "/" && !isWriting && !event.ctrlKey && !event.metaKey && !event.altKey) {
    event.preventDefault();
    part("find").focus();
  }
  if (event.key === "Escape" && event.target === part("find") && part("find").value) {
    part("find").value = "";
    refilter();
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
  filter.addEventListener("input", refilter);
  filter.addEventListener("submit", (event) => { event.preventDefault(); refilter(); });
  filter.querySelector(".chips").addEventListener("click", chooseChip);
  part("clear").addEventListener("click", showAll);
  part("nothing").querySelector("a").addEventListener("click", showAll);
  part("add-filter").addEventListener("toggle", countValues);
  part("all-columns").addEventListener("change", () => linkDownloads(chosenStores()));
  document.addEventListener("clock-change", () => {
    drawAxis(nowMs, stores.incidents);
    renderAnew();
  });
  addEventListener("beforeprint", renderForPrint);
  addEventListener("afterprint", renderAnew);
}

async function start() {
  history.scrollRestoration = "manual"; // the rows that it would scroll to are not there yet
  const answer = await fetch(`/view/${report}/fleet.json`); // the page has asked for it already: see its head
  if (!answer.ok) {
    return showMessage("The whole table could not be fetched; below are its first rows. Load the page again.");
  }
  stores = await answer.json();
  const named = new URLSearchParams(location.search).get("show");
  startChips(stores);
  startColumns(stores, named?.split(",") ?? null);
  startRows(stores);
  startTips(stores);
  fillColumnsMenu(changeColumns);
  startViews(() => location.search.slice(1));
  drawAxis(nowMs, stores.incidents);
  arrangeHead(sortBy);
  writeAddress();
  arrange();
  if (history.state?.top) scrollTo(0, history.state.top);
  renderInSight();
  listen();
  table.dataset.ready = "true";
  performance.mark("ready");
}

await start();
