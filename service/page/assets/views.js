// Views that somebody has saved in this browser: a name, and the part of the address that holds filter, order, columns.

import { part, showMessage } from "./page.js";
import { keep, readKept } from "./storage.js";
import { isolated, withoutControls } from "./words.js";

const KEY = "views";

function savedViews() {
  const kept = readKept(KEY, []);
  const isView = (each) => typeof each?.name === "string" && typeof each?.query === "string";
  return Array.isArray(kept) ? kept.filter(isView) : [];
}

function write(views) {
  if (!keep(KEY, views)) showMessage("This browser keeps nothing for this page, so the view was not saved.");
  list();
}

// queryOfView: of the present view.
export function startViews(queryOfView) {
  const form = document.createElement("form");
  const [label, name, button] = ["label", "input", "button"].map((tag) => document.createElement(tag));
  name.required = true;
  name.maxLength = 80;
  name.autocomplete = "off";
  label.append("Name ", name);
  button.textContent = "Save this view";
  form.append(label, button);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const text = name.value.trim();
    if (!text) return;
    write([...savedViews().filter((each) => each.name !== text), { name: text, query: queryOfView() }]);
    name.value = "";
  });
  const items = document.createElement("ul");
  items.id = "saved-views";
  part("views").replaceChildren(items, form);
  list();
}

function list() {
  part("saved-views").replaceChildren(...savedViews().map(({ name, query }) => {
    const [item, link, remove] = ["li", "a", "button"].map((tag) => document.createElement(tag));
    const bdi = document.createElement("bdi");
    bdi.textContent = withoutControls(name);
    link.href = `?${query}`;
    link.append(bdi);
    link.title = isolated(name);
    remove.type = "button";
    remove.textContent = "×";
    remove.setAttribute("aria-label", `Delete the view ${isolated(name)}`);
    remove.addEventListener("click", (event) => {
      event.stopPropagation(); // the button is gone by the time that a menu asks whether it is inside
      write(savedViews().filter((each) => each.name !== name));
    });
    item.append(link, " ", remove);
    return item;
  }));
}
