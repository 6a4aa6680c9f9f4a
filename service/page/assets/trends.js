// Trends: the values of a point of the charts, and of a day of a group, by pointer or by arrow keys; groups that unfold.

import { showInstants } from "./bar.js";
import { on, part } from "./page.js";

const STEPS = { ArrowRight: 1, ArrowLeft: -1, Home: -Infinity, End: Infinity };

// The charts ------------------------------------------------------------------------------------------------------------

const plots = [...document.querySelectorAll("#charts .plot")];
const valueOf = (point) => point.getAttribute("aria-label").replace(/^.*? UTC: /, "");

// The same report on all charts: its values are read together.
function showPoint(point) {
  const same = document.querySelectorAll(`#charts [data-point="${point.dataset.point}"]`);
  const time = document.createElement("time");
  time.dateTime = point.dataset.at;
  time.dataset.instant = "zoned";
  time.textContent = point.getAttribute("aria-label").split(": ")[0];
  part("point").replaceChildren(time, ` · ${[...same].map(valueOf).join(" · ")}`);
  showInstants(part("point"));
  const x = `${point.dataset.x}%`;
  for (const cursor of document.querySelectorAll("#charts .cursor")) {
    cursor.setAttribute("x1", x);
    cursor.setAttribute("x2", x);
    cursor.classList.add("is-on");
  }
}

// One point of a chart takes part in the order of Tab; arrow keys go on from there.
function moveTo(point, others) {
  for (const other of others) other.setAttribute("tabindex", -1);
  point.setAttribute("tabindex", 0);
  point.focus();
}

function walked(items, from, key) {
  const next = items.indexOf(from) + STEPS[key];
  return items[Math.min(Math.max(next, 0), items.length - 1)];
}

for (const plot of plots) {
  const points = [...plot.querySelectorAll("[data-point]")];
  plot.addEventListener("keydown", (event) => {
    const point = event.target.closest("[data-point]");
    if (!point || !(event.key in STEPS)) return;
    event.preventDefault();
    moveTo(walked(points, point, event.key), points);
  });
}
on("pointerover", "#charts [data-point]", ({ currentTarget }) => showPoint(currentTarget));
on("focus", "#charts [data-point]", ({ currentTarget }) => showPoint(currentTarget));

// Groups that unfold ----------------------------------------------------------------------------------------------------

const childrenOf = (number) => document.querySelectorAll(`#tree [data-parent="${number}"]`);

function setFold(button, isOpen) {
  button.setAttribute("aria-expanded", isOpen);
  for (const row of childrenOf(button.dataset.fold)) {
    row.classList.toggle("is-open", isOpen);
    const inner = row.querySelector("[data-fold]");
    if (!isOpen && inner) setFold(inner, false);
  }
}

on("click", "#tree [data-fold]", ({ currentTarget: button }) => {
  setFold(button, button.getAttribute("aria-expanded") === "false");
});

// Days of groups: one cell takes part in the order of Tab, arrow keys go to the other days and groups --------------------

const days = [...document.querySelectorAll("#tree [data-day]")];
if (days.length) days[0].setAttribute("tabindex", 0);

const inSight = (row) => row.checkVisibility();

function neighbour(day, key) {
  const row = day.closest("tr");
  const own = [...row.querySelectorAll("[data-day]")];
  if (key in STEPS) return walked(own, day, key);
  const rows = [...part("tree").tBodies[0].rows].filter(inSight);
  const next = rows[rows.indexOf(row) + (key === "ArrowDown" ? 1 : -1)];
  return next?.querySelectorAll("[data-day]")[own.indexOf(day)] ?? day;
}

function showDay(day) {
  const name = day.closest("tr").querySelector("th").textContent.trim();
  part("day").textContent = `${name} · ${day.getAttribute("aria-label")}`;
}

part("tree")?.addEventListener("keydown", (event) => {
  const day = event.target.closest("[data-day]");
  if (!day || !(event.key in STEPS || ["ArrowUp", "ArrowDown"].includes(event.key))) return;
  event.preventDefault();
  moveTo(neighbour(day, event.key), days);
});
on("pointerover", "#tree [data-day]", ({ currentTarget }) => showDay(currentTarget));
on("focus", "#tree [data-day]", ({ currentTarget }) => showDay(currentTarget));
