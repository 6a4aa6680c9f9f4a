// The filters of the table of stores: which stores match, the lists with their counts, and what is set, to be removed.
// filters.py has the same words, for the page as it comes.

import { part } from "./page.js";
import { formatNumber } from "./words.js";

const WORSE_POINTS = -1;
const downWord = () => part("fleet").dataset.down; // down now, when last seen, or then: it becomes another with time
// The API knows down_now; the other lists are of the page alone.
const CHIPS = {
  "": { has: () => true, sort: null },
  down_now: { has: (n) => stores.down_now[n], sort: null, none: () => `${downWord() === "down now" ? "is" : "was"} ${downWord()}` },
  worst: { has: () => true, sort: "uptime_percent_last_week" },
  worse: { has: (n) => stores.change_day[n] !== null && stores.change_day[n] <= WORSE_POINTS, sort: "change_day", none: () => "got worse" },
  stale: { has: (n) => stores.no_recent_poll[n], sort: "last_poll", none: () => "is without a recent poll" },
};

const filter = part("filter");

let stores = null; // columns by name

export function startChips(data) {
  stores = data;
}

// What is set -----------------------------------------------------------------------------------------------------------

export function currentChip() {
  if (!filter.elements.down_now.disabled) return "down_now";
  return filter.elements.chip.disabled ? "" : filter.elements.chip.value;
}

export function setChip(name) {
  filter.elements.down_now.disabled = name !== "down_now";
  filter.elements.chip.disabled = name === "" || name === "down_now";
  filter.elements.chip.value = name;
}

export const chipSort = () => CHIPS[currentChip()]?.sort ?? null;

// The words of the filter, as the address has them; the API knows all but chip.
export function filterWords() {
  const words = new URLSearchParams([...new FormData(filter)].filter(([, value]) => value !== ""));
  if (!words.has("below") && !words.has("unknown")) words.delete("window");
  if (words.get("window") === "week") words.delete("window");
  return words;
}

function filterValues() {
  const form = new FormData(filter);
  return {
    search: form.get("search").toLowerCase(),
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

// What each filter that is set demands of a store: mostly none is, and then no store is looked at.
function conditions({ search, unknown, below, window, zone, only }) {
  const percents = stores[`uptime_percent_last_${window}`];
  const unknownSeconds = stores[`unknown_last_${window}`];
  return [
    search && ((n) => hasText(stores.store_id[n], search) || hasText(stores.name?.[n], search)),
    unknown && ((n) => unknownSeconds[n] === null || unknownSeconds[n] > 0),
    below !== null && ((n) => percents[n] !== null && percents[n] < below),
    zone && ((n) => stores.zone[n] === zone),
    ...only.map(([name, values]) => (n) => values.includes(stores.attributes?.[name]?.[n] ?? "")),
  ].filter(Boolean);
}

function matching(values) {
  const tests = conditions(values);
  const numbers = [...stores.store_id.keys()];
  return tests.length ? numbers.filter((n) => tests.every((passes) => passes(n))) : numbers;
}

// others: the stores that all filters but the list leave; numbers: those of them that the list has.
export function chosenStores() {
  const others = matching(filterValues());
  return { others, numbers: others.filter(CHIPS[currentChip()]?.has ?? (() => true)) };
}

// What is shown of it ---------------------------------------------------------------------------------------------------

export function showChips({ others, numbers }) {
  const words = filterWords();
  words.delete("down_now");
  words.delete("chip");
  for (const link of document.querySelectorAll("[data-chip]")) {
    const name = link.dataset.chip;
    const own = name === "" ? {} : name === "down_now" ? { down_now: "true" } : { chip: name };
    link.href = `?${new URLSearchParams([...Object.entries(own), ...words])}`;
    if (name === currentChip()) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
    const count = link.querySelector(".count");
    if (count) count.textContent = formatNumber(others.filter(CHIPS[name].has).length);
  }
  part("matched").textContent = `${formatNumber(numbers.length)} of ${formatNumber(stores.store_id.length)} stores`;
  showActive();
  part("nothing").hidden = numbers.length > 0;
  part("nothing").firstChild.textContent = nothingWords();
}

function nothingWords() {
  const none = CHIPS[currentChip()]?.none;
  return none ? `No store of these ${none()}. ` : "No store fits these filters. ";
}

// Each filter that is set: its words, and how to take it away.
function activeFilters() {
  const { search, below, window, unknown, zone } = filter.elements;
  const found = [];
  const empty = (field) => () => { field.value = ""; };
  if (search.value) found.push([`“${search.value}”`, empty(search)]);
  if (below.value) found.push([`under ${Number(below.value)} % in the ${window.value}`, empty(below)]);
  if (unknown.checked) found.push([`unknown time in the ${window.value}`, () => { unknown.checked = false; }]);
  if (zone.value) found.push([`zone ${zone.value}`, empty(zone)]);
  for (const field of filter.querySelectorAll("[name=only]")) {
    const isBox = field.type === "checkbox";
    const [, name, value] = ((isBox ? field.checked : field.value) && field.value.match(/^([^=]+)=(.*)$/s)) || [];
    if (!name) continue;
    found.push([`${name} ${value || "(none)"}`, isBox ? () => { field.checked = false; } : empty(field)]);
  }
  return found;
}

function showActive() {
  const found = activeFilters();
  part("active").classList.toggle("unseen", !found.length);
  part("clear").hidden = !found.length;
  part("active-filters").replaceChildren(...found.flatMap(([words, remove]) => [activeChip(words, remove), " "]));
}

function activeChip(words, remove) {
  const chip = document.createElement("button");
  chip.type = "button";
  chip.className = "chip on";
  const [before, text, cross] = ["span", "bdi", "span"].map((name) => document.createElement(name));
  before.className = "unseen";
  before.textContent = "Remove ";
  text.textContent = words;
  cross.setAttribute("aria-hidden", "true");
  cross.textContent = " ×";
  chip.append(before, text, cross);
  chip.addEventListener("click", () => {
    remove();
    const place = [...part("active-filters").children].indexOf(chip);
    filter.dispatchEvent(new Event("input"));
    // Not into the field: a touch screen would open its keyboard.
    const left = part("active-filters").children;
    (left[Math.min(place, left.length - 1)] ?? part("add-filter").querySelector("summary")).focus();
  });
  return chip;
}

export function clearFilters() {
  setChip("");
  for (const field of filter.elements) {
    if (field.type === "checkbox") field.checked = false;
    else if (field.type !== "hidden") field.value = field.name === "window" ? "week" : "";
  }
}

export function checkAttributes() {
  for (const field of filter.querySelectorAll("[name=only]:not([type=checkbox])")) {
    const [name, value] = field.value.split("=", 2);
    const isUnknown = value !== undefined && !(name in (stores.attributes ?? {}));
    field.setCustomValidity(isUnknown ? `There is no attribute ${name}.` : "");
  }
}

// How many stores have each value, of those that all other filters leave: counted when the menu opens.
export function countValues() {
  const values = filterValues();
  for (const box of filter.querySelectorAll("[type=checkbox][name=only]")) {
    const [, name, value] = box.value.match(/^([^=]+)=(.*)$/s);
    const counts = valueCounts(name, values);
    box.parentElement.querySelector(".count").textContent = formatNumber(counts.get(value) ?? 0);
  }
  counted.clear();
}

const counted = new Map(); // attribute -> value -> stores

function valueCounts(name, values) {
  if (!counted.has(name)) {
    const others = { ...values, only: values.only.filter(([each]) => each !== name) };
    const counts = new Map();
    for (const n of matching(others)) {
      const value = stores.attributes[name][n] ?? "";
      counts.set(value, (counts.get(value) ?? 0) + 1);
    }
    counted.set(name, counts);
  }
  return counted.get(name);
}
