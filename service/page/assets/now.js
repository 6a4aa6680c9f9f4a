// Now: both drawings of the week can be walked with pointer and arrow keys, and the view follows new uptime reports by
// itself: a wall display goes on for days.

import { currentClock, ownOffset } from "./clock.js";
import { part } from "./page.js";
import { keepForTab, readKeptForTab } from "./storage.js";
import { formatNumber, formatOffset, formatTime, OLD_S } from "./words.js";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const IDLE_MS = 60_000;
const LEFT_MS = 10 * IDLE_MS;
const RETURN = "return-to-now";

const now = part("now");

// The week by hour ------------------------------------------------------------------------------------------------------

const storesOf = (minutes) => formatNumber(Math.round(minutes / 60)); // on average in an hour
const percent = (value) => `${value.toFixed(2)} %`;
const offsetAt = (ms) => (currentClock() === "mine" ? ownOffset(ms) : 0);
const zoneAt = (ms) => (currentClock() === "mine" ? formatOffset(ownOffset(ms)) : "UTC");

function walkHours(plot) {
  const values = JSON.parse(plot.dataset.values);
  const startMs = Date.parse(plot.dataset.start);
  const [mark, line] = [part("hour-mark"), part("hour-value")];
  const resting = [...line.childNodes];
  const incidents = [...plot.querySelectorAll(".incident")].map(({ dataset }) => [
    Math.floor((Date.parse(dataset.start) - startMs) / HOUR_MS), dataset,
  ]);
  let hour = values.length - 1;

  const words = () => {
    const [share, down, open, unknown] = values[hour];
    const ms = startMs + hour * HOUR_MS;
    const parts = [`${formatTime(ms, offsetAt(ms))} ${zoneAt(ms)}`];
    if (share === null) parts.push("no store open");
    else parts.push(`${percent(share)}, ${storesOf(down)} of ${storesOf(open)} open stores`);
    if (unknown >= 30) parts.push(`${storesOf(unknown)} unknown`);
    return [...parts, ...together().map(({ words }) => words)].join(" · ");
  };
  // There is room for one line: of an hour with an incident it says that, and not how many stores that hour had.
  const brief = () => {
    const [found] = together();
    return found ? `${words().split(",")[0]} · ${found.brief}` : words();
  };
  const together = () => incidents.filter(([at]) => at === hour).map(([, incident]) => incident);
  const show = (next) => {
    hour = Math.min(Math.max(next, 0), values.length - 1);
    const x = `${(100 * (hour + 0.5)) / values.length}%`;
    mark.setAttribute("x1", x);
    mark.setAttribute("x2", x);
    mark.setAttribute("visibility", "visible");
    line.textContent = brief();
    plot.setAttribute("aria-valuenow", hour);
    plot.setAttribute("aria-valuetext", words());
  };
  const rest = () => {
    if (document.activeElement === plot && plot.matches(":focus-visible")) return;
    mark.setAttribute("visibility", "hidden");
    line.replaceChildren(...resting);
  };
  const steps = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -24, PageUp: 24, Home: -values.length, End: values.length };

  plot.addEventListener("keydown", (event) => {
    if (!(event.key in steps)) return;
    event.preventDefault();
    show(hour + steps[event.key]);
  });
  plot.addEventListener("focus", () => plot.matches(":focus-visible") && show(hour));
  plot.addEventListener("blur", rest);
  const point = ({ clientX }) => {
    const { left, width } = plot.getBoundingClientRect();
    show(Math.floor((values.length * (clientX - left)) / width));
  };
  plot.addEventListener("pointermove", point);
  plot.addEventListener("pointerdown", point);
  plot.addEventListener("pointerleave", rest);
  document.addEventListener("clock-change", () => showDays(plot, startMs, values.length));
  new ResizeObserver(() => showDays(plot, startMs, values.length)).observe(plot); // comes at once, too
}

const [FULL_LABEL, SHORT_LABEL] = [48, 28]; // pixels that Wed 25 and Wed need

// The midnights of the clock that is chosen.
function showDays(plot, startMs, hours) {
  const marks = [];
  const width = plot.clientWidth || plot.getBoundingClientRect().width;
  const parts = (24 * width) / hours >= FULL_LABEL ? 2 : 1; // of the name: on a phone a day has little room
  const shift = 60_000 * offsetAt(startMs);
  for (let day = Math.floor((startMs + shift) / DAY_MS) + 1; marks.length < 14; day++) {
    const ms = day * DAY_MS - 60_000 * offsetAt(day * DAY_MS);
    const x = (100 * (ms - startMs)) / (hours * HOUR_MS);
    if (x > 100) break;
    marks.push(svgElement("line", { x1: `${x}%`, x2: `${x}%`, y1: 8, y2: 96 }));
    if ((1 - x / 100) * width < (parts === 2 ? FULL_LABEL : SHORT_LABEL)) continue;
    const label = svgElement("text", { x: `${x}%`, dx: 4, y: 109 });
    label.textContent = formatTime(ms, offsetAt(ms)).split(" ").slice(0, parts).join(" ");
    marks.push(label);
  }
  plot.querySelector(".days").replaceChildren(...marks);
}

function svgElement(name, attributes) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}

// The week by weekday and hour ------------------------------------------------------------------------------------------

function walkWeekdays(table) {
  const rows = [...table.tBodies[0].rows].map((row) => [...row.cells].slice(1));
  const line = part("weekday-value");
  let current = rows[0][0];
  const words = (cell) => {
    const hour = String(cell.cellIndex - 1).padStart(2, "0");
    return `${cell.parentNode.cells[0].textContent} ${hour}:00 · ${cell.ariaLabel}`;
  };
  table.addEventListener("keydown", (event) => {
    const steps = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0], Home: [0, -24], End: [0, 24] };
    const step = steps[event.key];
    if (!step || event.target.tagName !== "TD") return;
    event.preventDefault();
    const row = Math.min(Math.max(event.target.parentNode.rowIndex - 1 + step[0], 0), rows.length - 1);
    rows[row][Math.min(Math.max(event.target.cellIndex - 1 + step[1], 0), 23)].focus();
  });
  table.addEventListener("focusin", ({ target }) => {
    current.tabIndex = -1;
    current = target;
    current.tabIndex = 0;
    line.textContent = words(current);
  });
  table.addEventListener("focusout", () => { line.textContent = ""; });
  table.addEventListener("pointerover", ({ target }) => {
    if (target.tagName === "TD" && target.tabIndex !== undefined && target.cellIndex > 0) line.textContent = words(target);
  });
  table.addEventListener("pointerleave", () => { line.textContent = ""; });
}

if (part("hours")) walkHours(part("hours"));
if (part("weekdays")) walkWeekdays(part("weekdays"));

// Folded on a phone -----------------------------------------------------------------------------------------------------

for (const button of document.querySelectorAll(".folds button")) {
  button.addEventListener("click", () => {
    const isOpen = part(button.getAttribute("aria-controls")).classList.toggle("unfolded");
    button.setAttribute("aria-expanded", isOpen);
  });
}

// The list that is chosen is in sight, also where not all lists are.
function showChosenList() {
  const [chips, chosen] = [document.querySelector(".chips"), document.querySelector(".chips [aria-current]")];
  if (chosen) chips.scrollLeft = chosen.offsetLeft - chips.offsetLeft - 16;
}

showChosenList();
document.querySelector(".chips")?.addEventListener("click", () => setTimeout(showChosenList));

// Following -------------------------------------------------------------------------------------------------------------

const isHome = location.pathname === "/";
let usedMs = Date.now();

for (const event of ["pointermove", "pointerdown", "keydown", "wheel", "touchstart"]) {
  addEventListener(event, () => { usedMs = Date.now(); }, { passive: true });
}

// A field that merely has the focus is no use: what was typed into it a minute ago is in the address. A menu that
// stands open, or text that is selected, may be somebody's, but not of who went home.
function isInUse() {
  const idleMs = Date.now() - usedMs;
  const isHeld = getSelection()?.toString() || document.querySelector("details.menu[open]");
  return idleMs < (isHeld ? LEFT_MS : IDLE_MS);
}

// What has changed since the view came: another report, or its data has become too old to say what is down now.
function hasChanged({ report_id: id, age_seconds: age }) {
  if (id !== now.dataset.report) return true;
  return age !== null && (age > OLD_S) !== (now.dataset.downWord !== "down now") && now.dataset.downWord !== undefined;
}

async function follow(newest) {
  if (!newest.report_id) return;
  const isAnother = newest.report_id !== now.dataset.report;
  if (part("newer")) part("newer").hidden = !isAnother;
  if (part("making")) part("making").hidden = !newest.running || document.querySelector(".run-line") !== null;
  if (!isHome) {
    if (isAnother && now.dataset.downWord === "down now") showDownWord("down then");
    return;
  }
  if (isAnother) part("newer")?.querySelector("a").setAttribute("href", location.href); // with the filter of the table
  const isOld = newest.age_seconds !== null && newest.age_seconds > OLD_S;
  if (isOld || newest.down !== null) showTitle(isOld ? "old" : formatNumber(newest.down));
  if (hasChanged(newest) && !isInUse()) await reloadInPlace();
}

const showTitle = (count) => { document.title = `(${count}) Now · store-uptime`; };

// When the stores are down that the view says are down: in its head, its list and what the list says.
function showDownWord(word) {
  for (const label of now.querySelectorAll("[data-when]")) label.hidden = label.dataset.when !== word;
  const [table, chip] = [part("fleet"), document.querySelector("[data-chip=down_now]")];
  if (table) table.dataset.down = word;
  if (chip) chip.firstChild.textContent = `${word[0].toUpperCase()}${word.slice(1)} `;
}

// The server may be away when the data becomes too old to say what is down now.
function grow(seconds) {
  if (now.dataset.downWord !== "down now" || seconds <= OLD_S) return;
  if (part("fleet")?.dataset.down === "down now") showDownWord("down when last seen");
  if (isHome) showTitle("old");
}

// Not before the view is known to come: a page of the browser's that says that it did not would stand there for ever.
async function reloadInPlace() {
  const answer = await fetch(location.href, { cache: "no-store" }).catch(() => null);
  if (!answer?.ok || isInUse()) return;
  const focused = document.activeElement;
  const kept = { top: scrollY ? tableTop() : null, id: focused?.id || "", store: storeOf(focused) };
  keepForTab(RETURN, kept);
  location.reload();
}

// Where the table is in the window: what stands above it may have another height next time.
const tableTop = () => part("fleet")?.getBoundingClientRect().top ?? 0;

// Links of the table lead to a report, so those of the next one have other addresses.
const storeOf = (element) => (element?.href ? new URL(element.href).searchParams.get("store_id") : null);

function returnToPlace() {
  const kept = readKeptForTab(RETURN, null);
  if (kept === null) return;
  keepForTab(RETURN, null);
  const restore = () => {
    if (Number.isFinite(kept.top)) scrollBy(0, tableTop() - kept.top);
    const links = typeof kept.store !== "string" ? [] : document.querySelectorAll("#fleet tbody a");
    const focused = kept.id ? part(kept.id) : [...links].find((link) => storeOf(link) === kept.store);
    focused?.focus({ preventScroll: true });
  };
  const table = part("fleet");
  if (!table || table.dataset.ready) return restore();
  const waiting = new MutationObserver(() => {
    waiting.disconnect();
    restore();
  });
  waiting.observe(table, { attributeFilter: ["data-ready"] });
}

if (now) {
  document.addEventListener("newest", ({ detail }) => follow(detail));
  document.addEventListener("data-age", ({ detail }) => grow(detail));
  returnToPlace();
}
