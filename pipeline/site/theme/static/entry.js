// The first page leads on to the language that was read last, or to Indonesian.
"use strict";
(() => {
  let language = "id";
  try {
    language = localStorage.getItem("language") === "en" ? "en" : "id";
  } catch {
    // Storage may be shut off: then Indonesian, and the links stay.
  }
  location.replace(`${language}/index.html`);
})();
