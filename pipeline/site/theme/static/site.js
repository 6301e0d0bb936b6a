// Remembers the language, keeps the place in the page when it is switched, and lets tables be sorted and filtered.
"use strict";
(() => {
  const language = document.documentElement.lang;
  const remember = (code) => {
    try {
      localStorage.setItem("language", code);
    } catch {
      // Storage may be shut off: the address still holds the language.
    }
  };
  remember(language);
  for (const link of document.querySelectorAll("a[data-language]")) {
    link.addEventListener("click", () => {
      remember(link.dataset.language);
      link.href = link.getAttribute("href").split(/[?#]/)[0] + location.search + location.hash;
    });
  }

  const decimal = language === "id" ? [/\./g, ","] : [/,/g, "."];
  const number = (text) => {
    const plain = text.trim().replace(decimal[0], "").replace(decimal[1], ".").replace(/^−/, "-");
    const found = /^-?\d+(\.\d+)?/.exec(plain);
    return found ? Number(found[0]) : NaN;
  };
  const compare = (left, right) => {
    const [a, b] = [number(left), number(right)];
    return Number.isNaN(a) || Number.isNaN(b) ? left.localeCompare(right, language) : a - b;
  };

  const sortable = (table) => {
    const body = table.tBodies[0];
    for (const [place, head] of [...table.tHead.rows[0].cells].entries()) {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const up = head.getAttribute("aria-sort") !== "ascending";
        for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", up ? "ascending" : "descending");
        const text = (row) => row.cells[place].textContent;
        const rows = [...body.rows].sort((a, b) => (up ? 1 : -1) * compare(text(a), text(b)));
        body.append(...rows);
      });
    }
  };

  const words = document.body.dataset;
  const filterable = (table) => {
    const label = document.createElement("label");
    const field = document.createElement("input");
    const count = document.createElement("output");
    field.type = "search";
    label.className = "filter";
    label.append(words.filter, field, count);
    table.closest(".scroll").before(label);
    const show = () => {
      const wanted = field.value.toLocaleLowerCase(language);
      let shown = 0;
      for (const row of table.tBodies[0].rows) {
        row.hidden = !row.textContent.toLocaleLowerCase(language).includes(wanted);
        if (!row.hidden) shown += 1;
      }
      count.textContent = `${shown} ${words.shown}`;
    };
    field.addEventListener("input", show);
    show();
  };

  for (const table of document.querySelectorAll("table.sortable")) {
    sortable(table);
    filterable(table);
  }
})();
