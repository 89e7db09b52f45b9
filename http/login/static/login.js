// Comforts only: every page works without this file.
"use strict";

for (const button of document.querySelectorAll("button.show")) {
  const field = document.getElementById(button.getAttribute("aria-controls"));
  const set = (visible) => {
    field.type = visible ? "text" : "password";
    button.setAttribute("aria-pressed", String(visible));
    button.textContent = visible ? button.dataset.hide : button.dataset.show;
  };
  button.hidden = false;
  button.addEventListener("click", () => set(field.type === "password"));
  field.form.addEventListener("submit", () => set(false)); // so that browsers keep it as a password
}

const KEEPS = {
  length: (text, least) => [...text].length >= least,
  lower: (text) => /\p{Ll}/u.test(text),
  upper: (text) => /\p{Lu}/u.test(text),
  number: (text) => /\p{Nd}/u.test(text),
  symbol: (text) => /[^\p{L}\p{N}]/u.test(text),
};

for (const list of document.querySelectorAll(".rules")) {
  const field = document.getElementById(list.dataset.field);
  const status = list.parentElement.querySelector("[data-met]");
  const rules = [...list.querySelectorAll("[data-rule]")];
  let announcement = 0;
  field.addEventListener("input", () => {
    for (const rule of rules) {
      const keeps = KEEPS[rule.dataset.rule](field.value, Number(rule.dataset.least));
      rule.classList.toggle("met", keeps);
    }
    const met = rules.filter((rule) => rule.classList.contains("met")).length;
    clearTimeout(announcement);
    announcement = setTimeout(() => {
      status.textContent = status.dataset.met.replace("{met}", met).replace("{all}", rules.length);
    }, 800);
  });
}
