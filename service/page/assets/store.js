// A store's week: what a piece rests on, by pointer or by arrow keys; where an outage is drawn, and its polls.

import { on, part } from "./page.js";

const pieces = [...document.querySelectorAll("#days [data-piece]")].sort((a, b) => a.dataset.piece - b.dataset.piece);
const detail = part("piece-detail");
let current = 0;

const showDetail = (element) => {
  detail.textContent = element.dataset.title ?? element.getAttribute("aria-label");
};

function mark(first, last) {
  for (const piece of pieces) {
    const number = Number(piece.dataset.piece);
    piece.classList.toggle("marked", number >= first && number <= last);
  }
}

function walk(by) {
  pieces[current].tabIndex = -1;
  current = Math.min(Math.max(current + by, 0), pieces.length - 1);
  pieces[current].tabIndex = 0;
  pieces[current].focus();
}

const STEPS = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 1, ArrowUp: -1, Home: -Infinity, End: Infinity };

// One piece takes part in the order of Tab; arrow keys go on from there.
if (pieces.length) {
  current = pieces.length - 1; // the newest
  pieces[current].tabIndex = 0;
}
part("days").addEventListener("keydown", (event) => {
  if (!(event.key in STEPS) || !pieces.includes(event.target)) return;
  event.preventDefault();
  walk(STEPS[event.key]);
});
on("pointerover", "#days [data-piece], #days [data-title]", (event) => showDetail(event.currentTarget));
on("focus", "#days [data-piece]", (event) => {
  const piece = event.currentTarget;
  pieces[current].tabIndex = -1;
  current = pieces.indexOf(piece);
  piece.tabIndex = 0;
  showDetail(piece);
  mark(Number(piece.dataset.piece), Number(piece.dataset.piece));
});
on("blur", "#days [data-piece]", () => mark(-1, -1));

on("pointerover", "[data-first]", ({ currentTarget: row }) => mark(Number(row.dataset.first), Number(row.dataset.last)));
on("pointerout", "[data-first]", () => mark(-1, -1));
on("click", "[data-first] a[href^='#piece']", (event) => {
  event.preventDefault();
  const row = event.currentTarget.closest("tr");
  const piece = pieces.find((each) => each.dataset.piece === row.dataset.first);
  piece.focus();
  piece.scrollIntoView({ block: "center" });
  mark(Number(row.dataset.first), Number(row.dataset.last));
});

on("click", "[data-polls]", (event) => {
  event.preventDefault();
  const instants = new Set(event.currentTarget.dataset.polls.split(" "));
  const rows = [...document.querySelectorAll("[data-poll]")];
  part("polls").querySelector("details").open = true;
  for (const row of rows) row.classList.toggle("marked", instants.has(row.dataset.poll));
  const found = rows.findLast((row) => row.classList.contains("marked"));
  (found ?? part("polls")).scrollIntoView({ block: "center" });
  if (found) {
    found.tabIndex = -1;
    found.focus({ preventScroll: true });
  }
});

