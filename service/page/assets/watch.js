// The progress of reports: by server-sent events, and where a proxy keeps those back, by a request every two seconds.
// While the server does not answer nothing is counted on: nobody knows what has become of a report.

import { clockTime } from "./clock.js";
import { callApi } from "./page.js";

const POLL_MS = 2000;
const SILENCE_MS = 5000;
const CANCELLED = "It was cancelled.";

for (const section of document.querySelectorAll("[data-report][data-then]")) watch(section);

function watch(section) {
  const id = section.dataset.report;
  const startMs = performance.now() - 1000 * Number(section.dataset.seconds);
  let silentSince = null;
  const ticking = setInterval(() => {
    if (silentSince !== null) return showSilence(section, silentSince);
    section.querySelector(".elapsed").textContent = `${Math.round((performance.now() - startMs) / 1000)} s`;
  }, 1000);

  const fallSilent = () => { silentSince ??= Date.now(); };
  const update = (status) => {
    silentSince = null;
    section.classList.remove("silent");
    if (status.status === "Running") return show(section, status.progress);
    clearInterval(ticking);
    arrive(section, id, status);
  };
  const events = new EventSource(`/reports/${id}/events`);
  const patience = setTimeout(fallBack, SILENCE_MS); // the first event comes at once, unless a proxy keeps it
  function fallBack() {
    clearTimeout(patience);
    events.close();
    poll(id, update, fallSilent);
  }
  events.addEventListener("progress", (event) => {
    clearTimeout(patience);
    update(JSON.parse(event.data));
  });
  for (const end of ["complete", "error"]) {
    events.addEventListener(end, (event) => {
      if (!event.data) return; // the connection was lost: below
      clearTimeout(patience);
      events.close();
      update(JSON.parse(event.data));
    });
  }
  events.onerror = () => {
    fallSilent();
    if (events.readyState === EventSource.CLOSED) fallBack(); // else the browser connects again by itself
  };
}

async function poll(id, update, fallSilent) {
  for (;;) {
    try {
      const status = await callApi("GET", `/get_report/${id}?status_only=true`);
      update(status);
      if (status.status !== "Running") return;
    } catch {
      fallSilent(); // it will be asked again
    }
    await new Promise((go) => setTimeout(go, POLL_MS));
  }
}

function showSilence(section, since) {
  if (Date.now() - since < POLL_MS || section.classList.contains("silent")) return; // a connection may end and begin again
  section.classList.add("silent");
  section.querySelector(".ahead").textContent = `⚠ no answer from the server since ${clockTime(since)}`;
}

function show(section, { step, stage: code, ahead }) {
  section.querySelector(".ahead").textContent = ahead ? `${ahead} before it` : "";
  const stages = [...section.querySelectorAll("[data-stage]")];
  if (!stages.length) return void (section.querySelector(".step").textContent = step); // a row of the log
  const current = stages.findIndex((stage) => stage.dataset.stage === code);
  for (const [number, stage] of stages.entries()) {
    stage.className = number < current ? "done" : "";
    stage.toggleAttribute("aria-current", false);
    stage.textContent = number === current ? step : stage.dataset.words;
  }
  stages[current].setAttribute("aria-current", "step");
}

function arrive(section, id, status) {
  if (section.dataset.then === "reload") return location.reload();
  const others = section.closest(".runs");
  if (others && status.status === "Complete") return leave(section, others);
  for (const stage of section.querySelectorAll("[data-stage]")) {
    stage.className = status.status === "Complete" ? "done" : "";
    stage.toggleAttribute("aria-current", false);
  }
  const link = document.createElement("a");
  link.href = `/view/${id}`;
  link.textContent = status.status === "Complete" ? "It is complete: open it"
    : status.error === CANCELLED ? status.error : `It has failed: ${status.error}`;
  section.querySelector(".line").replaceChildren(link);
}

// One of several lines: what it made is in the log, and Now follows it by itself where it is the newest.
function leave(section, others) {
  section.remove();
  const left = others.querySelectorAll("[data-report][data-then]").length;
  const words = `${left} uptime ${left === 1 ? "report is on its" : "reports are on their"} way`;
  if (left) others.querySelector("summary").textContent = words;
  else others.remove();
}
