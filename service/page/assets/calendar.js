// The days of a store in 13 weeks, as reports have them: a column is a week, a row a weekday. The more of a day was down,
// the larger is its mark; a day that no report has is blank. It is loaded once it comes into sight.

import { callApi, part, sentenceOf } from "./page.js";
import { tipIn } from "./near_tip.js";
import { formatDuration, formatNumber } from "./words.js";

const SVG = "http://www.w3.org/2000/svg";
const DAY_MS = 86_400_000;
const [WEEKS, STEP, CELL, LEFT, TOP] = [13, 28, 24, 30, 14];
const WEEKDAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const LEAST_MARK = 6;
const STEPS = { ArrowRight: 7, ArrowLeft: -7, ArrowDown: 1, ArrowUp: -1 };

const { report, store } = part("calendar").dataset;
const body = part("calendar-body");

const element = (name, attributes, ...children) => {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
};

const weekday = (ms) => (new Date(ms).getUTCDay() + 6) % 7; // 0 = Monday

function dayName(ms) {
  const there = new Date(ms);
  return `${WEEKDAYS[weekday(ms)]} ${there.getUTCDate()} ${MONTHS[there.getUTCMonth()]}`;
}

function dayText(day) {
  const share = day.percent === null ? (day.open ? "unknown" : "closed") : `${day.percent.toFixed(2)} % up`;
  const down = day.percent === null ? "" : `, down ${formatDuration(day.down)}`; // of what is unknown nobody can say that
  const lengths = day.open ? `${down}, unknown ${formatDuration(day.unknown)}, open ${formatDuration(day.open)}` : "";
  const part = day.is_whole ? "" : " (part of the day)";
  return `${dayName(Date.parse(day.date))}: ${share}${lengths}${part}${day.by_periods ? ", from a report by periods" : ""}`;
}

// Its area is the share of known time that was down, so that a size does not look like more than it is.
function mark(day, x, y) {
  const middle = (size) => ({ x: x + (CELL - size) / 2, y: y + (CELL - size) / 2, width: size, height: size });
  if (!day.open) return element("rect", { ...middle(CELL / 2), y: y + CELL / 2 - 0.75, height: 1.5, class: "mark closed" });
  if (day.percent === null) return element("rect", { ...middle(CELL / 2), class: "mark unknown" });
  if (!day.down) return element("rect", { ...middle(LEAST_MARK), rx: LEAST_MARK / 2, class: "mark up" });
  const share = day.down / (day.open - day.unknown);
  return element("rect", { ...middle(Math.max(LEAST_MARK, CELL * Math.sqrt(share))), class: "mark down" });
}

function address(day) {
  return day.by_periods ? `/view/${day.report_id}` : `/view/${day.report_id}/store?${new URLSearchParams({ store_id: store })}`;
}

const placeOf = (number) => [LEFT + Math.floor(number / 7) * STEP, TOP + (number % 7) * STEP];

function drawn(days) {
  const last = Date.parse(days.at(-1).date);
  const first = last - weekday(last) * DAY_MS - (WEEKS - 1) * 7 * DAY_MS; // the Monday of the first week
  const svg = element("svg", { viewBox: `0 0 ${LEFT + WEEKS * STEP} ${TOP + 7 * STEP}`, role: "group" });
  svg.setAttribute("aria-label", "Uptime of each day");
  for (const row of [0, 2, 4, 6]) {
    svg.append(element("text", { x: 0, y: TOP + row * STEP + CELL / 2 + 3 }, WEEKDAYS[row]));
  }
  for (let week = 0, before = -1; week < WEEKS; week += 1) {
    const monday = new Date(first + week * 7 * DAY_MS);
    if (monday.getUTCMonth() !== before) {
      svg.append(element("text", { x: LEFT + week * STEP, y: 9 }, MONTHS[monday.getUTCMonth()]));
    }
    before = monday.getUTCMonth();
  }
  const inside = WEEKS * 7 - 6 + weekday(last);
  for (let number = 0; number < inside; number += 1) {
    const [x, y] = placeOf(number);
    svg.append(element("rect", { x, y, width: CELL, height: CELL, rx: 3, class: "blank" }));
  }
  for (const day of days) {
    const number = Math.round((Date.parse(day.date) - first) / DAY_MS);
    if (number < 0) continue;
    const [x, y] = placeOf(number);
    const cell = element("rect", { x, y, width: CELL, height: CELL, rx: 3, class: "cell" });
    const link = element("a", { href: address(day), "aria-label": dayText(day), tabindex: -1, "data-day": number }, cell);
    if (!day.is_whole) link.append(element("rect", { x: x + 1, y: y + 1, width: CELL - 2, height: CELL - 2, rx: 2, class: "part" }));
    link.append(mark(day, x, y));
    svg.append(link);
  }
  return svg;
}

const HOURS_UNKNOWN = "Nothing is known of its days: none of its business hours can be read.";

function noteOf({ days, hours_unknown: areHoursUnknown, reports, passed_over: passedOver, max_gap_s: gap }) {
  const from = `From ${formatNumber(reports)} kept uptime report${reports === 1 ? "" : "s"}; a day that none has is blank.`;
  const periods = gap === null ? "" : ` Some days are from reports by periods, where a poll counts for up to ${formatDuration(gap)}.`;
  const passed = passedOver ? ` ${formatNumber(passedOver)} could not be read: encrypted or removed.` : "";
  const cut = days.some((day) => !day.is_whole) ? " Dashed: only a part of the day is known." : "";
  const unknown = areHoursUnknown ? " Of this report’s week nothing is known: none of the business hours can be read." : "";
  return `${from}${unknown}${cut}${periods}${passed} The larger the mark, the more of the day was down; a dot is none.`;
}

// One day takes part in the order of Tab; arrow keys go on from there, over days that are blank.
function withKeys(svg, tip) {
  const links = new Map([...svg.querySelectorAll("a")].map((link) => [Number(link.dataset.day), link]));
  const numbers = [...links.keys()];
  let current = numbers.at(-1);
  links.get(current).setAttribute("tabindex", 0);
  svg.addEventListener("focusin", ({ target }) => {
    links.get(current).setAttribute("tabindex", -1);
    current = Number(target.closest("a").dataset.day);
    links.get(current).setAttribute("tabindex", 0);
    tip.show(target, target.closest("a").getAttribute("aria-label"));
  });
  svg.addEventListener("focusout", tip.hide);
  svg.addEventListener("pointerover", ({ target }) => {
    const link = target.closest("a");
    if (link) tip.show(link, link.getAttribute("aria-label"));
  });
  svg.addEventListener("pointerout", tip.hide);
  svg.addEventListener("keydown", (event) => {
    if (event.key === "Escape") return tip.hide();
    const step = { ...STEPS, Home: -Infinity, End: Infinity }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const beyond = numbers.filter((number) => (step > 0 ? number >= current + step : number <= current + step));
    const next = Number.isFinite(step) ? (step > 0 ? beyond[0] : beyond.at(-1)) : step > 0 ? numbers.at(-1) : numbers[0];
    if (next !== undefined) links.get(next).focus();
  });
}

async function load() {
  const address = `/view/${report}/store/days.json?${new URLSearchParams({ store_id: store })}`;
  const note = document.createElement("p");
  note.className = "quiet";
  try {
    const found = await callApi("GET", address);
    if (!found.days.length) {
      note.textContent = found.hours_unknown ? HOURS_UNKNOWN : "No kept uptime report has a day of this store.";
      return body.replaceChildren(note);
    }
    const tip = document.createElement("p");
    Object.assign(tip, { className: "tip", hidden: true });
    tip.setAttribute("aria-hidden", "true");
    const svg = drawn(found.days);
    note.textContent = noteOf(found);
    body.classList.add("evidence");
    body.replaceChildren(svg, tip);
    body.after(note);
    withKeys(svg, tipIn(body));
  } catch (error) {
    note.textContent = sentenceOf(error);
    body.replaceChildren(note);
  }
}

const observer = new IntersectionObserver((entries) => {
  if (!entries.some((entry) => entry.isIntersecting)) return;
  observer.disconnect();
  load();
}, { rootMargin: "200px" });
observer.observe(body);
