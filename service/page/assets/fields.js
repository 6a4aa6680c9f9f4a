// Errors at their fields: a sentence below a field that says what is wrong with it, and the focus in the first of them.

import { isolated } from "./words.js";

// What the browser refuses by itself is shown in the same way as what the API refuses.
export function checkFieldsOf(form) {
  form.addEventListener("invalid", (event) => {
    event.preventDefault();
    const isFirst = !form.querySelector("[aria-invalid=true]");
    showFieldError(event.target, event.target.title && event.target.validity.patternMismatch
      ? `It must be ${event.target.title}.` : event.target.validationMessage);
    if (isFirst) focusField(event.target);
  }, true);
  for (const kind of ["input", "change"]) form.addEventListener(kind, ({ target }) => clearFieldError(target));
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
  const line = document.createElement("span");
  line.id = `${input.id || input.name}-error`;
  line.className = "field-error";
  line.textContent = isolated(sentence);
  (input.closest(".field") ?? input.form).append(line);
  input.setAttribute("aria-invalid", "true");
  input.setAttribute("aria-describedby", [input.getAttribute("aria-describedby"), line.id].filter(Boolean).join(" "));
}

export function clearFieldError(input) {
  if (input.getAttribute("aria-invalid") !== "true") return;
  const id = `${input.id || input.name}-error`;
  document.getElementById(id)?.remove();
  input.removeAttribute("aria-invalid");
  const others = (input.getAttribute("aria-describedby") ?? "").split(" ").filter((each) => each && each !== id);
  if (others.length) input.setAttribute("aria-describedby", others.join(" "));
  else input.removeAttribute("aria-describedby");
}

function focusField(input) {
  for (let folded = input.closest("details"); folded; folded = folded.parentElement.closest("details")) folded.open = true;
  input.focus();
}
