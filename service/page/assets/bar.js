// The bar of every view: the age of the newest data, which counts on by itself; the clock that times are shown on; a
// new report, or the view again; menus that close. Every half a minute it asks for the newest report: the event newest
// of the document has what the server says.

import { clockTime, currentClock, ownOffset, restoreClock, setClock } from "./clock.js";
import { callApi, part, sentenceOf } from "./page.js";
import { ageClass, formatDataAge, formatOffset, formatShortTime, formatTime } from "./words.js";

const MINUTE_MS = 60_000;
const ASK_MS = 30_000;
const JSON_ALONE = { headers: { Accept: "application/json" } };

// The age of the newest data --------------------------------------------------------------------------------------------

const age = part("data-age");
let dataMs = NaN; // when the newest data is of, by the clock of this browser; NaN where it has no age

export function showDataAge({ report_id: id, now, age_seconds: seconds }) {
  dataMs = seconds === null ? NaN : Date.now() - 1000 * seconds;
  const ofReport = part("of-report");
  if (ofReport) ofReport.hidden = ofReport.dataset.report === id;
  const words = seconds === null ? "As of" : "Data up to";
  part("data-words").textContent = ofReport && !ofReport.hidden ? "newest" : words;
  if (part("data-now").dateTime !== now) {
    part("data-now").dateTime = now;
    part("data-now").textContent = formatShortTime(Date.parse(now), 0);
    showInstant(part("data-now"), { isNew: true });
  }
  age.hidden = false;
  countOn();
}

function countOn() {
  if (Number.isNaN(dataMs)) return;
  const seconds = Math.max(0, (Date.now() - dataMs) / 1000);
  part("age").textContent = formatDataAge(seconds);
  age.className = `data-age ${ageClass(seconds)}`;
  document.dispatchEvent(new CustomEvent("data-age", { detail: seconds }));
}

// By the clock of the browser and not by counting: a machine that slept must not show a young age.
setInterval(countOn, MINUTE_MS / 4);

if (age.dataset.ageSeconds !== undefined) dataMs = Date.now() - 1000 * Number(age.dataset.ageSeconds);
countOn();

// The newest report, every half a minute --------------------------------------------------------------------------------

let silentSince = null; // when the server was first found not to answer
let refusedMs = NaN; // when Refresh did not work

async function askForNewest() {
  const answer = await fetch("/newest.json", { ...JSON_ALONE, signal: AbortSignal.timeout(ASK_MS) }).catch(() => null);
  if (answer?.status === 401) return showInBar("Signed out: load the page again", "silent");
  const newest = answer?.ok ? await answer.json().catch(() => null) : null;
  if (!newest) return showSilence();
  if (silentSince !== null || Date.now() - refusedMs > ASK_MS / 2) { // a refusal stays for as long as one reads it
    showInBar("");
    [silentSince, refusedMs] = [null, NaN];
  }
  if (!newest.report_id) return;
  showDataAge(newest);
  document.dispatchEvent(new CustomEvent("newest", { detail: newest }));
}

function showSilence() {
  silentSince ??= Date.now();
  showInBar(`⚠ no answer since ${clockTime(silentSince)}`, "silent");
}

// Where nobody had to sign in there may be nobody whom the server answers.
if ("asks" in document.querySelector(".top").dataset) {
  if (age.hidden) askForNewest();
  setInterval(askForNewest, ASK_MS);
}

// Clock -----------------------------------------------------------------------------------------------------------------

const FORMS = {
  "": formatTime,
  short: formatShortTime,
  zoned: (ms, offset) => `${formatTime(ms, offset)} ${formatOffset(offset)}`,
};
const written = new WeakMap(); // element -> its text in UTC, as it came

function showInstant(element, { isNew = false } = {}) {
  if (isNew || !written.has(element)) written.set(element, element.textContent);
  const ms = Date.parse(element.dateTime);
  const isMine = currentClock() === "mine" && !Number.isNaN(ms);
  element.textContent = isMine ? FORMS[element.dataset.instant](ms, ownOffset(ms)) : written.get(element);
}

// Times of all stores together have no store's clock: they stay in UTC then.
export function showInstants(within = document) {
  for (const element of within.querySelectorAll("time[data-instant]")) showInstant(element);
  const zone = currentClock() === "mine" ? formatOffset(ownOffset(Date.now())) : "UTC";
  for (const element of within.querySelectorAll("[data-zone]")) element.textContent = zone;
}

restoreClock();
part("clock").value = currentClock();
part("clock").addEventListener("change", ({ target }) => setClock(target.value));
document.addEventListener("clock-change", () => showInstants());
if (currentClock() === "mine") showInstants();

// Menus -----------------------------------------------------------------------------------------------------------------

const openMenus = () => document.querySelectorAll("details.menu[open]");

function closeOthers({ target }) {
  for (const menu of openMenus()) if (!menu.contains(target)) menu.open = false;
}

document.addEventListener("click", closeOthers);
document.addEventListener("focusin", closeOthers); // by the keyboard
document.addEventListener("keydown", ({ key }) => {
  if (key !== "Escape") return;
  for (const menu of openMenus()) {
    if (menu.contains(document.activeElement)) menu.querySelector("summary").focus();
    menu.open = false;
  }
});

// Refresh ---------------------------------------------------------------------------------------------------------------

const refresh = part("refresh");

export function showInBar(sentence, kind = "") {
  const news = part("bar-news");
  if (news.textContent !== sentence) news.textContent = sentence;
  news.className = `bar-news ${kind}`;
}

// The first view shows the newest of all options: where that is another one, the new report has its own address.
async function addressOf(id) {
  const newest = await callApi("GET", "/newest.json");
  return newest.report_id === id ? "/" : `/view/${id}`;
}

async function makeReport() {
  const { options } = await callApi("GET", "/newest.json"); // those that can be compared with what is shown
  const { report_id: id } = await callApi("POST", "/trigger_report", options);
  for (;;) {
    const status = await callApi("GET", `/get_report/${id}?status_only=true`);
    if (status.status === "Complete") return location.assign(await addressOf(id));
    if (status.status !== "Running") throw new Error(status.error);
    showInBar(`${status.progress.step} …`);
    await new Promise((go) => setTimeout(go, 500));
  }
}

refresh.addEventListener("click", async () => {
  if (!("makesReport" in refresh.dataset)) return location.reload();
  refresh.disabled = true;
  refusedMs = NaN;
  showInBar("Making a new report …");
  try {
    await makeReport();
  } catch (error) {
    refusedMs = Date.now();
    showInBar(sentenceOf(error), "silent");
  } finally {
    refresh.disabled = false;
  }
});
