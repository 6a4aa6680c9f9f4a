// Trigger a report, watch it, fetch its files. Everything that is shown comes from the API.

const part = (id) => document.getElementById(id);
let token = null;

async function ask(method, path, body) {
  const headers = { ...(token && { "X-CSRF-Token": token }), ...(body && { "Content-Type": "application/json" }) };
  const answer = await fetch(path, { method, headers, body: body && JSON.stringify(body) });
  const said = answer.status === 204 ? null : await answer.json();
  if (answer.status === 401) return signedOut();
  if (!answer.ok) throw new Error(said.error);
  return said;
}

function signedOut() {
  part("sign-in").hidden = false;
  part("desk").hidden = true;
  return null;
}

async function start() {
  const session = await ask("GET", "/session");
  if (!session) return;
  token = session.csrf_token;
  part("sign-in").hidden = true;
  part("desk").hidden = false;
  part("sign-out").hidden = !session.csrf_token;
  await show();
}

async function show() {
  const page = await ask("GET", "/reports?limit=20");
  part("reports").replaceChildren(...page.reports.map(row));
  for (const report of page.reports) if (report.status === "Running") follow(report.report_id);
}

function row(report) {
  const line = document.createElement("tr");
  line.id = report.report_id;
  const files = ["csv", "xlsx", "json", "parquet"].map((format) => link(report, format));
  const cells = [
    report.requested_at.slice(0, 19).replace("T", " "),
    report.options.store_id ?? (report.stores ?? "all"),
    report.error ?? report.progress?.step ?? report.status,
    report.status === "Complete" ? files : "",
    ending(report),
  ];
  for (const cell of cells) line.insertCell().append(...[cell].flat());
  return line;
}

function link(report, format) {
  const anchor = document.createElement("a");
  anchor.href = `/get_report/${report.report_id}?format=${format}`;
  anchor.textContent = format.toUpperCase();
  return anchor;
}

function ending(report) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = report.status === "Running" ? "Cancel" : "Delete";
  button.addEventListener("click", said(async () => { await ask("DELETE", `/reports/${report.report_id}`); await show(); }));
  return button;
}

const followed = new Set();

function follow(id) {
  if (followed.has(id)) return;
  followed.add(id);
  const events = new EventSource(`/reports/${id}/events`);
  const update = (event) => part(id)?.replaceWith(row(JSON.parse(event.data)));
  events.addEventListener("progress", update);
  for (const end of ["complete", "error"])
    events.addEventListener(end, (event) => {
      if (!event.data) return; // the connection was lost; the browser connects again
      events.close();
      update(event);
    });
}

const said = (deed) => async (event) => {
  event.preventDefault();
  part("news").textContent = "";
  try {
    await deed(event);
  } catch (error) {
    part("news").textContent = error.message;
  }
};

part("trigger").addEventListener("submit", said(async (event) => {
  await ask("POST", "/trigger_report", { store_id: new FormData(event.target).get("store_id") });
  await show();
}));

part("trigger").addEventListener("input", said(async (event) => {
  const found = await ask("GET", `/stores?limit=10&prefix=${encodeURIComponent(event.target.value)}`);
  part("stores").replaceChildren(...found.stores.map((id) => new Option(id)));
}));

part("sign-in").addEventListener("submit", said(async (event) => {
  await ask("POST", "/session", { key: new FormData(event.target).get("key") }) ?? fail("This key opens nothing.");
  event.target.reset();
  await start();
}));

part("sign-out").addEventListener("click", said(async () => { await ask("DELETE", "/session"); location.reload(); }));

function fail(sentence) {
  throw new Error(sentence);
}

await start();
