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

// Security keys and passkeys (WebAuthn 3, 5.1): what the browser's key answers becomes a field.
const bytesOf = (text) => {
  const plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(plain, (character) => character.charCodeAt(0));
};

const textOf = (buffer) => {
  const plain = String.fromCharCode(...new Uint8Array(buffer));
  return btoa(plain).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
};

const readable = (options) => {
  const listed = (list) => (list || []).map((each) => ({ ...each, id: bytesOf(each.id) }));
  const read = { ...options, challenge: bytesOf(options.challenge) };
  if (options.user) read.user = { ...options.user, id: bytesOf(options.user.id) };
  if (options.excludeCredentials) read.excludeCredentials = listed(options.excludeCredentials);
  if (options.allowCredentials) read.allowCredentials = listed(options.allowCredentials);
  return read;
};

const ANSWERS = ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"];

const written = (credential) => {
  const response = {};
  for (const name of ANSWERS) {
    if (credential.response[name]) response[name] = textOf(credential.response[name]);
  }
  return JSON.stringify({
    id: credential.id,
    rawId: textOf(credential.rawId),
    type: credential.type,
    response,
    clientExtensionResults: credential.getClientExtensionResults(),
  });
};

for (const form of document.querySelectorAll("form[data-ceremony]")) {
  const failed = form.querySelector(".failed");
  form.addEventListener("submit", async (event) => {
    if (form.elements.credential.value) return;
    event.preventDefault();
    failed.hidden = true;
    try {
      const publicKey = readable(JSON.parse(form.dataset.options));
      form.elements.credential.value = written(
        await navigator.credentials[form.dataset.ceremony]({ publicKey }),
      );
      form.submit();
    } catch {
      failed.hidden = false; // cancelled, too late, or no key that fits: it may be tried again
    }
  });
}

const then = document.getElementById("then");
if (then) {
  // On as soon as every client was told; the page itself waits a fixed time.
  const told = [...document.querySelectorAll("iframe.told")].map(
    (frame) => new Promise((resolve) => frame.addEventListener("load", resolve)),
  );
  Promise.all(told).then(() => location.replace(then.href));
}
