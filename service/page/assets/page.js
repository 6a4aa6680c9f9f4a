// What every view can do: ask the API, trigger, cancel, delete, sign in and out, open a report by its id; and what the
// timetable can: add, run and remove schedules; and deliver a report.

export const part = (id) => document.getElementById(id);
const CONTROLS = /[\u202a-\u202e\u2066-\u2069]/g;
const TURNING = /[\u0590-\u08ff\u200f\u202a-\u202e\u2066-\u2069\ufb1d-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;
const token = document.querySelector("meta[name=csrf-token]").content;

export async function ask(method, path, body) {
  const headers = { ...(token && { "X-CSRF-Token": token }), ...(body && { "Content-Type": "application/json" }) };
  const answer = await fetch(path, { method, headers, body: body && JSON.stringify(body) }).catch(() => {
    throw new Error("The server does not answer. Is it running, and this machine online?");
  });
  const said = answer.status === 204 ? null : await answer.json();
  if (!answer.ok) throw new Error(said.error);
  return said;
}

// What a deed has to say when it fails stands in the line of news; its button waits meanwhile.
export const doing = (deed) => async (event) => {
  event.preventDefault();
  const button = event.submitter ?? event.currentTarget;
  say("");
  button.disabled = true;
  try {
    await deed(event);
  } catch (error) {
    say(error.message);
  } finally {
    button.disabled = false;
  }
};

export function say(sentence) {
  part("news").textContent = isolated(sentence);
}

// A foreign text where there can be no element around it: what is written from the right turns nothing beside it, and
// marks that turn text are shown as such.
export function isolated(text) {
  return TURNING.test(text) ? `\u2068${text.replace(CONTROLS, "\ufffd")}\u2069` : text;
}

export function on(event, selector, deed) {
  for (const element of document.querySelectorAll(selector)) element.addEventListener(event, deed);
}

const given = (wanted) => Object.fromEntries(Object.entries(wanted).filter(([, value]) => value?.length));

async function trigger(wanted) {
  const { report_id } = await ask("POST", "/trigger_report", given(wanted));
  location.assign(`/view/${report_id}`);
}

on("submit", "#trigger", doing((event) => trigger(Object.fromEntries(new FormData(event.target)))));
on("click", "[data-again]", doing((event) => trigger(JSON.parse(event.currentTarget.dataset.again))));

on("input", "[list=stores]", async (event) => {
  const prefix = event.target.value;
  const found = await ask("GET", `/stores?${new URLSearchParams({ limit: 10, prefix })}`).catch(() => null);
  if (found && event.target.value === prefix) part("stores").replaceChildren(...found.stores.map((id) => new Option(id)));
});

on("submit", "#open", (event) => {
  event.preventDefault();
  location.assign(`/view/${new FormData(event.target).get("report_id").trim()}`);
});

on("click", "[data-cancel]", doing(async (event) => {
  await ask("DELETE", `/reports/${event.currentTarget.dataset.cancel}`);
  location.reload();
}));

on("click", "[data-delete]", doing(async (event) => {
  if (!confirm("Delete this report for everybody? Its address will not open any more.")) return;
  await ask("DELETE", `/reports/${event.currentTarget.dataset.delete}`);
  location.assign("/history");
}));

for (const field of document.querySelectorAll("#schedule [name=zone]")) {
  field.value = Intl.DateTimeFormat().resolvedOptions().timeZone ?? "UTC";
}

on("submit", "#schedule", doing(async ({ target }) => {
  const form = new FormData(target);
  const wanted = { ...Object.fromEntries(form), deliver_to: form.getAll("deliver_to") };
  const { webhook_secret } = await ask("POST", "/schedules", given(wanted));
  if (!webhook_secret) return location.reload();
  target.hidden = true;
  part("secret").hidden = false;
  part("secret").querySelector("code").textContent = webhook_secret;
  part("secret").focus();
}));

on("submit", "#deliver", doing(async ({ target }) => {
  await ask("POST", `/reports/${target.dataset.report}/deliveries`, Object.fromEntries(new FormData(target)));
  location.reload();
}));

on("click", "[data-run]", doing(async (event) => {
  const { report_id } = await ask("POST", `/schedules/${event.currentTarget.dataset.run}/run`);
  location.assign(`/view/${report_id}`);
}));

on("click", "[data-remove]", doing(async (event) => {
  if (!confirm("Remove this schedule for everybody? Its reports stay.")) return;
  await ask("DELETE", `/schedules/${event.currentTarget.dataset.remove}`);
  location.reload();
}));

on("click", "#sample-data", doing(async () => {
  say("Making and loading sample data: a few seconds …");
  await ask("POST", "/sample_data");
  await trigger({});
}));

on("submit", "#sign-in", doing(async (event) => {
  await ask("POST", "/session", { key: new FormData(event.target).get("key") }).catch((error) => {
    throw error.message.includes("API key") ? new Error("This key opens nothing. Is it whole, not revoked, and not at its end?") : error;
  });
  location.reload();
}));

on("click", "#sign-out", doing(async () => {
  await ask("DELETE", "/session");
  location.assign("/");
}));
