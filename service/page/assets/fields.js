// Errors at their fields: a sentence below a field that says what is wrong with it, and the focus in the first of them.
// A field's title says what it takes, where the browser's own sentence would not.

import { isolated } from "./words.js";

const wrongValues = new WeakMap(); // field -> the value that its sentence is about

// What the browser refuses by itself is shown in the same way as what the API refuses.
export function checkFieldsOf(form) {
  form.addEventListener("invalid", (event) => {
    event.preventDefault();
    const isFirst = !form.querySelector("[aria-invalid=true]");
    showFieldError(event.target, complaintOf(event.target));
    if (isFirst) focusField(event.target);
  }, true);
  // A field that is left sends a change, too: its sentence stays while its value does, and the button that is being
  // clicked stays under the pointer.
  for (const kind of ["input", "change"]) {
    form.addEventListener(kind, ({ target }) => {
      const isField = target !== form; // a script that changes several tells the form
      if (isField && valueOf(target) !== wrongValues.get(target)) clearFieldError(target);
    });
  }
}

const valueOf = (input) => input.type === "checkbox" ? String(input.checked) : `${input.value} ${input.validity.badInput}`;

export function complaintOf(input) {
  const { valid, valueMissing } = input.validity;
  return valid || valueMissing || !input.title ? input.validationMessage : `${input.title}.`;
}

// Whether a form has the field that an error is about; its sentence stands there then.
export function showErrorAtField(form, { field, message }) {
  const input = field && [...(form?.elements ?? [])].find(({ name }) => name === field);
  if (!input) return false;
  showFieldError(input, message);
  focusField(input);
  return true;
}

export function showFieldError(input, sentence) {
  clearFieldError(input);
  const id = `${input.id || input.name}-error`;
  const line = document.getElementById(id) ?? document.createElement("span");
  line.id = id;
  line.className = "field-error";
  line.textContent = isolated(sentence);
  if (!line.parentElement) (input.closest(".field") ?? input.form).append(line);
  wrongValues.set(input, valueOf(input));
  input.setAttribute("aria-invalid", "true");
  input.setAttribute("aria-describedby", [input.getAttribute("aria-describedby"), line.id].filter(Boolean).join(" "));
}

export function clearFieldError(input) {
  if (input.getAttribute("aria-invalid") !== "true") return;
  const id = `${input.id || input.name}-error`;
  document.getElementById(id)?.replaceChildren(); // its line stays, so that nothing below it moves
  input.removeAttribute("aria-invalid");
  const others = (input.getAttribute("aria-describedby") ?? "").split(" ").filter((each) => each && each !== id);
  if (others.length) input.setAttribute("aria-describedby", others.join(" "));
  else input.removeAttribute("aria-describedby");
}

export function focusField(input) {
  for (let folded = input.closest("details"); folded; folded = folded.parentElement.closest("details")) folded.open = true;
  input.focus();
}
