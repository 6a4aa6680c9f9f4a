// The form of a schedule: pickers that say when, or a cron expression in their place; the next times, in words; and what
// can be done with a schedule that is there.

import { cronOf } from "./cron.js";
import { clearFieldError, complaintOf, focusField, showFieldError } from "./fields.js";
import { callApi, handling, on, part, remove, sentenceOf, withoutEmpty, withStoreId } from "./page.js";

const TYPING_MS = 250;
const form = part("schedule");
const { cron, zone } = form?.elements ?? {};
const firstWeekday = form?.querySelector("[data-weekday]");
let sought = ""; // the address whose answer is waited for: one that comes late is of what was picked before

function pickedCron() {
  const weekdays = [...form.querySelectorAll("[data-weekday]:checked")].map((box) => box.dataset.weekday);
  const [often, at, day, hours, minute] = ["often", "at", "day", "hours", "minute"].map((id) => part(id).value);
  return cronOf({ often, at, weekdays, day, hours, minute });
}

// What is wrong with the pickers: the field and a sentence; undefined where nothing is.
function pickerProblem() {
  if (part("pickers").disabled) return undefined;
  const wrong = [...part("pickers").querySelectorAll("input, select")].find((input) => !input.disabled && !input.validity.valid);
  if (wrong) return { field: wrong, sentence: complaintOf(wrong) };
  const isWithoutDay = part("often").value === "week" && !form.querySelector("[data-weekday]:checked");
  return isWithoutDay ? { field: firstWeekday, sentence: "Pick at least one day of the week." } : undefined;
}

const chosenCron = () => cron.value.trim() || pickedCron();

function fitToPickers() {
  part("pickers").disabled = cron.value.trim() !== "";
  for (const field of form.querySelectorAll("[data-for]")) {
    field.hidden = !field.dataset.for.split(" ").includes(part("often").value);
    for (const input of field.querySelectorAll("input, select")) input.disabled = field.hidden;
  }
}

async function showNextTimes() {
  const problem = pickerProblem();
  if (problem) {
    sought = "";
    if (!problem.field.validity.valueMissing) showFieldError(problem.field, problem.sentence); // else it is being written
    return showNext("");
  }
  const [expression, clock] = [chosenCron(), zone.value.trim()];
  const address = `/schedules/next?${new URLSearchParams({ cron: expression, zone: clock, count: 3 })}`;
  if (address === sought) return;
  sought = address;
  if (!expression || !clock) return showNext("");
  try {
    const { in_words: words, due } = await callApi("GET", address);
    if (address === sought) showNext(`${words} (${clock}). Next: ${due.map((time) => time.in_words).join("; ")}.`);
  } catch (error) {
    if (address !== sought) return;
    const field = { cron, zone }[error.field];
    showNext(field && field.value ? "" : sentenceOf(error));
    if (field && field.value) showFieldError(field, error.message);
  }
}

const showNext = (sentence) => { part("next-times").textContent = sentence; };

function later(action) {
  let waiting;
  return () => {
    clearTimeout(waiting);
    waiting = setTimeout(action, TYPING_MS);
  };
}

if (form) {
  zone.value = Intl.DateTimeFormat().resolvedOptions().timeZone ?? "UTC";
  const soon = later(showNextTimes);
  form.addEventListener("input", ({ target }) => {
    if (target === zone) clearFieldError(cron);
    if (target.matches("[data-weekday], #often")) clearFieldError(firstWeekday);
    fitToPickers();
    soon();
  });
  addEventListener("pageshow", () => { // after the browser has put back what was chosen
    fitToPickers();
    showNextTimes();
  });
}

on("submit", "#schedule", handling(async () => {
  const data = new FormData(form);
  const problem = pickerProblem();
  if (problem) {
    showFieldError(problem.field, problem.sentence);
    return focusField(problem.field);
  }
  const values = { ...Object.fromEntries(data), cron: chosenCron(), deliver_to: data.getAll("deliver_to") };
  const { webhook_secret } = await callApi("POST", "/schedules", withoutEmpty(await withStoreId(values)));
  if (!webhook_secret) return location.reload();
  form.hidden = true;
  part("secret").hidden = false;
  part("secret").querySelector("code").textContent = webhook_secret;
  part("secret").focus();
}));

on("click", "[data-run]", handling(async (event) => {
  const { report_id } = await callApi("POST", `/schedules/${event.currentTarget.dataset.run}/run`);
  location.assign(`/view/${report_id}`);
}));

on("click", "[data-remove]", handling(async (event) => {
  if (!confirm("Remove this schedule for everybody? Its reports stay.")) return;
  await remove(`/schedules/${event.currentTarget.dataset.remove}`);
  location.reload();
}));
