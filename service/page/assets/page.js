// What every view can do: call the API, trigger, cancel, delete, deliver and compare reports, open one by its id, sign in
// and out. An error is shown at its field, or else in the line of messages.

import { checkFieldsOf, showErrorAtField } from "./fields.js";
import { isolated } from "./words.js";

export const part = (id) => document.getElementById(id);
const token = document.querySelector("meta[name=csrf-token]").content;

const GONE = [404, 410];
// Whatever was removed in another tab is removed.
const isGone = (error) => { if (!GONE.includes(error.status)) throw error; };

export const remove = (path) => callApi("DELETE", path).catch(isGone);

export async function callApi(method, path, body) {
  const kinds = { Accept: "application/json", ...(body && { "Content-Type": "application/json" }) };
  const headers = { ...(token && { "X-CSRF-Token": token }), ...kinds };
  return contentOf(await fetch(path, { method, headers, body: body && JSON.stringify(body) }).catch(() => null));
}

// The content of an answer, null: there came none. What is a problem is an error with its sentence.
export async function contentOf(answer) {
  if (!answer) throw new Error("The server does not answer. Is it running, and this machine online?");
  const content = answer.status === 204 ? {} : await answer.json().catch(() => null);
  if (answer.ok && content) return content;
  // What stands before the server may answer for it, with a page.
  const sentence = content?.error ?? `What came in answer cannot be read (status ${answer.status}). Load the page again.`;
  throw Object.assign(new Error(sentence), { field: content?.field, status: answer.status });
}

// What to say of an error. The sentences of problems are plain errors; TypeError and its like are mistakes of a script,
// which say nothing to a reader.
export const sentenceOf = (error) =>
  error.constructor === Error ? error.message : "Something went wrong in this page. Load it again.";

// A handler of an event that runs an action: its button waits meanwhile, and its error is shown.
export const handling = (action) => async (event) => {
  event.preventDefault();
  const button = event.submitter ?? event.currentTarget;
  showMessage("");
  button.disabled = true;
  try {
    await action(event);
  } catch (error) {
    if (!showErrorAtField(event.target, error)) showMessage(sentenceOf(error));
  } finally {
    button.disabled = false;
  }
};

export function showMessage(sentence) {
  part("news").textContent = isolated(`${sentence.slice(0, 1).toUpperCase()}${sentence.slice(1)}`);
}

export function on(event, selector, handler) {
  for (const element of document.querySelectorAll(selector)) element.addEventListener(event, handler);
}

// What a report by periods has not, and a report of the three windows has not, cannot be filled in.
function fitToPeriod({ elements }) {
  const isByPeriods = elements.period.value !== "";
  elements.by.disabled = !isByPeriods;
  elements.lookback.disabled = isByPeriods;
  if (elements.columns) elements.columns.disabled = isByPeriods;
  elements.max_gap.placeholder = isByPeriods ? "24h" : "no limit";
}

on("change", "select[name=period]", (event) => fitToPeriod(event.target.form));
addEventListener("pageshow", () => { // after the browser has put back what was chosen
  for (const field of document.querySelectorAll("select[name=period]")) fitToPeriod(field.form);
});

// An empty field of a form is an option that is left out, for which the API has its default.
const isGiven = (value) => typeof value === "object" ? value && Object.keys(value).length > 0 : value?.length > 0;
export const withoutEmpty = (values) => Object.fromEntries(Object.entries(values).filter(([, value]) => isGiven(value)));

// The name of one store stands for its id: the list below the field has both.
export async function withStoreId(values) {
  const text = values.store_id?.trim();
  if (!text) return values;
  const found = await callApi("GET", `/stores?${new URLSearchParams({ limit: 100, search: text })}`).catch(() => null);
  const [stores, names] = [found?.stores ?? [], found?.names ?? {}]; // without an answer the API says what is wrong
  const named = stores.filter((id) => names[id] === text);
  return { ...values, store_id: stores.includes(text) || named.length !== 1 ? text : named[0] };
}

async function trigger(values) {
  const { report_id } = await callApi("POST", "/trigger_report", withoutEmpty(await withStoreId(values)));
  location.assign(`/view/${report_id}`);
}

for (const form of document.querySelectorAll("form")) checkFieldsOf(form);

on("submit", "#trigger", handling((event) => trigger(Object.fromEntries(new FormData(event.target)))));
on("click", "[data-again]", handling((event) => trigger(JSON.parse(event.currentTarget.dataset.again))));

on("input", "[list=stores]", async (event) => {
  const search = event.target.value;
  const found = await callApi("GET", `/stores?${new URLSearchParams({ limit: 10, search })}`).catch(() => null);
  if (!found || event.target.value !== search) return;
  part("stores").replaceChildren(...found.stores.map((id) => new Option(found.names?.[id] ?? id, id)));
});

on("submit", "#open", (event) => {
  event.preventDefault();
  location.assign(`/view/${new FormData(event.target).get("report_id").trim()}`);
});

on("click", "[data-cancel]", handling(async (event) => {
  await callApi("DELETE", `/reports/${event.currentTarget.dataset.cancel}`);
  location.reload();
}));

on("click", "[data-delete]", handling(async (event) => {
  if (!confirm("Delete this report for everybody? Its address will not open any more.")) return;
  await remove(`/reports/${event.currentTarget.dataset.delete}`);
  location.assign("/history");
}));

// Without a script the address that the form leads to says the same.
on("submit", "#comparing", (event) => {
  if (new FormData(event.target).getAll("report").length === 2) return;
  event.preventDefault();
  showMessage("Check two uptime reports to compare.");
});

on("submit", "#deliver", handling(async ({ target }) => {
  await callApi("POST", `/reports/${target.dataset.report}/deliveries`, Object.fromEntries(new FormData(target)));
  location.reload();
}));

on("click", "#sample-data", handling(async () => {
  showMessage("Loading sample data: a few seconds …");
  await callApi("POST", "/sample_data");
  await callApi("POST", "/trigger_report", {});
  location.assign("/");
}));

on("submit", "#sign-in", handling(async (event) => {
  await callApi("POST", "/session", { key: new FormData(event.target).get("key").trim() }).catch((error) => {
    throw error.message.includes("API key") ? new Error("There is no such key. Is it whole, not revoked, and not at its end?") : error;
  });
  location.reload();
}));

on("click", "#sign-out", handling(async () => {
  await callApi("DELETE", "/session");
  location.assign("/");
}));
