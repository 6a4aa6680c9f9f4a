// The filters of the table of stores: which stores match, the lists with their counts, and what is set, to be removed.
// filters.py has the same words, for the page as it comes.

import { attributeValues } from "./attributes.js";
import { clearFieldError, showFieldError } from "./fields.js";
import { part } from "./page.js";
import { formatNumber, withoutControls } from "./words.js";

const downWord = () => part("fleet").dataset.down; // down now, when last seen, or then: it becomes another with time
// Words of the API, and columns: the stores of a list are those whose column says so. The list of the worst is but an order.
const LISTS = {
  down_now: () => `${downWord() === "down now" ? "is" : "was"} ${downWord()}`,
  got_worse: () => "got worse",
  no_recent_poll: () => "is without a recent poll",
};
const FILTERS = ["search", "below", "window", "unknown", "zone", "only"];

const filter = part("filter");

let stores = null; // columns by name

export function startChips(data) {
  stores = data;
}

// What is set -----------------------------------------------------------------------------------------------------------

const isSet = (name) => !filter.elements[name].disabled;
const setLists = () => Object.keys(LISTS).filter(isSet);

export function setChip(name) {
  for (const each of [...Object.keys(LISTS), "chip"]) filter.elements[each].disabled = true;
  if (name) filter.elements[name === "worst" ? "chip" : name].disabled = false;
}

const isCurrent = (name) => name === "" ? !isSet("chip") && !setLists().length : isSet(name === "worst" ? "chip" : name);

// What the list is called on its button; nothing for all stores.
export function listWords() {
  const current = [...document.querySelectorAll("[data-chip]")].filter(({ dataset }) => dataset.chip && isCurrent(dataset.chip));
  return current.map((link) => link.firstChild.textContent.trim()).join(", ");
}

export function chipSort() {
  if (isSet("chip")) return "uptime_percent_last_week";
  return isSet("got_worse") ? "change_day" : isSet("no_recent_poll") ? "last_poll" : null;
}

// The words of the filter, as the address has them; the API knows all but chip. What a field refuses is not among them:
// the others work on.
export function filterWords() {
  const words = new URLSearchParams();
  for (const field of filter.elements) {
    const isOff = field.disabled || !field.validity.valid || (field.type === "checkbox" && !field.checked);
    const value = field.name === "below" ? plainNumber(field.value) : field.value.trim();
    if (field.name && !isOff && value !== "") words.append(field.name, value);
  }
  if (!words.has("below") && !words.has("unknown")) words.delete("window");
  if (words.get("window") === "week") words.delete("window");
  return words;
}

// 95, not 95.0 or 9.5e1: the API takes no other.
const plainNumber = (text) => text === "" ? "" : Number(text).toFixed(9).replace(/\.?0+$/, "");

function filterValues() {
  const words = filterWords();
  return {
    search: (words.get("search") ?? "").toLowerCase(),
    unknown: words.has("unknown"),
    below: words.has("below") ? Number(words.get("below")) : null,
    window: words.get("window") ?? "week",
    zone: words.get("zone") ?? "",
    only: chosenValues(words.getAll("only")),
  };
}

// The name and the value of city=Berlin, trimmed as the API does.
function namedValue(text) {
  const [, name, value] = text.match(/^([^=]+)=(.*)$/s) ?? [];
  return name?.trim() ? [name.trim(), value.trim()] : null;
}

// city=Berlin, brand=A: several values of one attribute mean any of them, several attributes all of them.
function chosenValues(texts) {
  const values = new Map();
  for (const [name, value] of texts.map(namedValue).filter(Boolean)) values.set(name, [...(values.get(name) ?? []), value]);
  return [...values];
}

// The words of an address, as far as the form has no others: back and forward lead here.
export function fillFilters(words) {
  clearFilters();
  for (const name of Object.keys(LISTS)) filter.elements[name].disabled = words.get(name) !== "true";
  filter.elements.chip.disabled = words.get("chip") !== "worst";
  for (const name of ["search", "below", "zone"]) filter.elements[name].value = words.get(name) ?? "";
  filter.elements.window.value = words.get("window") || "week";
  filter.elements.unknown.checked = words.get("unknown") === "true";
  const chosen = new Set(words.getAll("only").filter(Boolean));
  for (const box of filter.querySelectorAll("[type=checkbox][name=only]")) box.checked = chosen.delete(box.value);
  const [first, ...others] = filter.querySelectorAll("[name=only]:not([type=checkbox])");
  for (const field of others) field.closest("p").remove();
  if (first) [...chosen].forEach((text, number) => { (number ? anotherField(first, number) : first).value = text; });
}

function anotherField(first, number) {
  const line = first.closest("p").cloneNode(true);
  const field = line.querySelector("input");
  field.id = `only-${number + 1}`;
  first.closest("p").after(line);
  return field;
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
    ...only.map(([name, values]) => {
      const there = attributeValues(stores, name);
      return (n) => values.includes(there?.[n] ?? "");
    }),
  ].filter(Boolean);
}

function matching(values) {
  const tests = conditions(values);
  const numbers = [...stores.store_id.keys()];
  return tests.length ? numbers.filter((n) => tests.every((passes) => passes(n))) : numbers;
}

// others: the stores that all filters but the lists leave; numbers: those of them that the lists have.
export function chosenStores() {
  const others = matching(filterValues());
  const lists = setLists();
  return { others, numbers: others.filter((n) => lists.every((name) => stores[name][n])) };
}

// What is shown of it ---------------------------------------------------------------------------------------------------

export function showChips({ others, numbers }) {
  const words = filterWords();
  const filters = [...words].filter(([name]) => FILTERS.includes(name));
  for (const link of document.querySelectorAll("[data-chip]")) {
    const name = link.dataset.chip;
    const own = name === "" ? [] : name === "worst" ? [["chip", name]] : [[name, "true"]];
    link.href = `?${new URLSearchParams([...own, ...filters])}`;
    if (isCurrent(name)) showCurrent(link);
    else link.removeAttribute("aria-current");
    const count = link.querySelector(".count");
    if (count) count.textContent = formatNumber(name ? others.filter((n) => stores[name][n]).length : others.length);
  }
  part("matched").textContent = `${formatNumber(numbers.length)} of ${formatNumber(stores.store_id.length)} stores`;
  part("list-name").textContent = listWords() || "All";
  showActive();
  part("nothing").hidden = numbers.length > 0;
  part("nothing").firstChild.textContent = nothingWords();
}

// On a phone the lists are one line that scrolls.
function showCurrent(link) {
  link.setAttribute("aria-current", "true");
  const [box, here] = [link.parentElement.getBoundingClientRect(), link.getBoundingClientRect()];
  if (here.right > box.right || here.left < box.left) link.parentElement.scrollLeft += here.left - box.left;
}

function nothingWords() {
  const lacking = setLists().map((name) => LISTS[name]());
  return lacking.length ? `No store of these ${lacking.join(" and ")}. ` : "No store fits these filters. ";
}

// Each filter that is set: its words, and how to take it away.
function activeFilters() {
  const { search, below, window, unknown, zone } = filter.elements;
  const found = [];
  const empty = (field) => () => { field.value = ""; };
  if (search.value.trim()) found.push([`“${search.value.trim()}”`, empty(search)]);
  if (below.value && below.validity.valid) {
    found.push([`under ${plainNumber(below.value)} % in the ${window.value}`, empty(below)]);
  }
  if (unknown.checked) found.push([`unknown time in the ${window.value}`, () => { unknown.checked = false; }]);
  if (zone.value) found.push([`zone ${zone.value}`, empty(zone)]);
  for (const field of filter.querySelectorAll("[name=only]")) {
    const isBox = field.type === "checkbox";
    const there = (!isBox || field.checked) && field.validity.valid && namedValue(field.value);
    if (!there) continue;
    found.push([`${there[0]} ${formatValue(there[1])}`, isBox ? () => { field.checked = false; } : empty(field)]);
  }
  return found;
}

// Quoted where a store really has that text: it is not chosen with those that have nothing.
const formatValue = (value) => value === "" ? "(none)" : value === "(none)" ? "“(none)”" : value;

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
  text.textContent = withoutControls(words);
  cross.setAttribute("aria-hidden", "true");
  cross.textContent = " ×";
  chip.append(before, text, cross);
  chip.addEventListener("click", () => {
    const number = [...part("active-filters").children].indexOf(chip);
    remove();
    filter.dispatchEvent(new Event("change"));
    const left = part("active-filters").children;
    // Not into a field: who has the focus there is taken to be writing.
    (left[Math.min(number, left.length - 1)] ?? part("add-filter").querySelector("summary")).focus();
  });
  return chip;
}

export function clearFilters() {
  setChip("");
  for (const field of filter.elements) {
    if (field.type === "checkbox" && field.name) field.checked = false;
    else if (field.type !== "hidden" && field.name) field.value = field.name === "window" ? "week" : "";
  }
}

export function checkAttributes() {
  for (const field of filter.querySelectorAll("[name=only]:not([type=checkbox])")) {
    const [name] = namedValue(field.value) ?? [];
    const isUnknown = name !== undefined && attributeValues(stores, name) === undefined;
    field.setCustomValidity(isUnknown ? `There is no attribute ${name}.` : "");
  }
}

// What a field refuses is said below it.
export function showRefusals() {
  for (const field of filter.elements) {
    if (!field.willValidate) continue;
    if (field.validity.valid) clearFieldError(field);
    else showFieldError(field, refusal(field));
  }
}

function refusal(field) {
  return field.title && field.validity.patternMismatch ? `It must be ${field.title}.` : field.validationMessage;
}

// How many stores have each value, of those that all other filters leave: counted when the menu opens.
export function countValues() {
  const values = filterValues();
  for (const box of filter.querySelectorAll("[type=checkbox][name=only]")) {
    const [name, value] = namedValue(box.value);
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
      const value = attributeValues(stores, name)[n] ?? "";
      counts.set(value, (counts.get(value) ?? 0) + 1);
    }
    counted.set(name, counts);
  }
  return counted.get(name);
}
