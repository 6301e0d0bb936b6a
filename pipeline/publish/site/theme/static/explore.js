// One or two time series as lines; the year under the pointer, or chosen with the arrow keys, is read out in words.
"use strict";
(() => {
  const SPACE = "http://www.w3.org/2000/svg";
  const BOX = { left: 64, right: 64, top: 34, bottom: 36, width: 720, height: 340 };
  const COLOURS = ["#0072B2", "#B35900"];
  const all = JSON.parse(document.getElementById("data").textContent);
  const part = document.getElementById("series");
  const chart = document.getElementById("chart");
  const reading = document.getElementById("reading");
  const fields = ["first", "second"].map((name) => document.getElementById(name));
  const language = document.documentElement.lang;
  const shown = (value) => value.toLocaleString(language, { maximumSignificantDigits: 5 });
  let chosen = [];
  let year = null;

  const element = (name, attributes, text) => {
    const made = document.createElementNS(SPACE, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    if (text !== undefined) made.textContent = text;
    chart.append(made);
    return made;
  };
  const step = (top) => {
    const rough = top / 4;
    const power = 10 ** Math.floor(Math.log10(rough));
    return [1, 2, 2.5, 5, 10].map((n) => n * power).find((n) => n >= rough);
  };
  const years = () => [...new Set(chosen.flatMap((one) => one.points.map((point) => point[0])))].sort((a, b) => a - b);
  const across = (value) => {
    const [from, to] = [years()[0], years().at(-1)];
    return BOX.left + ((value - from) / Math.max(1, to - from)) * (BOX.width - BOX.left - BOX.right);
  };
  const up = (value, top) => BOX.height - BOX.bottom - (value / top) * (BOX.height - BOX.top - BOX.bottom);

  const axis = (one, top, number) => {
    const size = step(top);
    const x = number === 0 ? BOX.left - 6 : BOX.width - BOX.right + 6;
    for (let value = 0; value <= top * 1.001; value += size) {
      if (number === 0) element("line", { x1: BOX.left, x2: BOX.width - BOX.right, y1: up(value, top), y2: up(value, top), class: "grid" });
      element("text", { x, y: up(value, top) + 4, "text-anchor": number === 0 ? "end" : "start", fill: COLOURS[number] }, shown(value));
    }
    element("text", { x, y: 14, "text-anchor": number === 0 ? "end" : "start", fill: COLOURS[number] }, one.unit);
  };

  // A missing year is a gap in the line, never a bridge over it.
  const path = (one, top) => one.points.map(([at, value], i) =>
    `${i > 0 && at - one.points[i - 1][0] === 1 ? "L" : "M"}${across(at).toFixed(1)} ${up(value, top).toFixed(1)}`).join("");

  const draw = () => {
    chart.replaceChildren();
    const units = new Set(chosen.map((one) => one.unit));
    const highest = (list) => Math.max(...list.flatMap((one) => one.points.map((point) => point[1])));
    chosen.forEach((one, number) => {
      const rough = units.size === 1 ? highest(chosen) : highest([one]);
      const top = Math.ceil(rough / step(rough)) * step(rough);
      if (units.size > 1 || number === 0) axis(one, top, number);
      element("path", { d: path(one, top), fill: "none", stroke: COLOURS[number], "stroke-width": 2, "stroke-dasharray": number ? "6 3" : "none" });
      for (const [at, value, warning] of one.points) {
        if (warning || at === year) element("circle", { cx: across(at), cy: up(value, top), r: at === year ? 5 : 2.5, fill: warning ? "#fff" : COLOURS[number], stroke: COLOURS[number] });
      }
    });
    const span = years();
    for (let at = Math.ceil(span[0] / 10) * 10; at <= span.at(-1); at += 10) {
      element("text", { x: across(at), y: BOX.height - 12, "text-anchor": "middle", fill: "#1a1a1a" }, at);
    }
    if (year !== null) element("line", { x1: across(year), x2: across(year), y1: BOX.top, y2: BOX.height - BOX.bottom, class: "rule" });
    read();
  };

  const read = () => {
    const lines = chosen.map((one) => {
      const point = one.points.find(([at]) => at === year);
      return point ? `${one.name}: ${shown(point[1])} ${one.unit}${point[2] ? ` (${point[2]})` : ""}` : `${one.name}: ${part.dataset.none}`;
    });
    reading.textContent = `${part.dataset.year} ${year}. ${lines.join(". ")}`;
  };

  const choose = () => {
    chosen = fields.map((field) => all[field.value]).filter(Boolean);
    if (!years().includes(year)) year = years().at(-1);
    const file = document.getElementById("file");
    file.replaceChildren(...[...new Set(chosen.map((one) => one.table))].flatMap((table) => {
      const link = document.createElement("a");
      link.href = `../files/data/${table}.csv`;
      link.download = "";
      link.textContent = `${table}.csv`;
      return [link, " "];
    }));
    draw();
  };

  const at = (event) => {
    const place = chart.getBoundingClientRect();
    const x = ((event.clientX - place.left) / place.width) * BOX.width;
    year = years().reduce((best, one) => (Math.abs(across(one) - x) < Math.abs(across(best) - x) ? one : best));
    draw();
  };
  chart.addEventListener("pointermove", at);
  chart.addEventListener("pointerdown", at);
  chart.addEventListener("keydown", (event) => {
    const move = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!move) return;
    event.preventDefault();
    const list = years();
    year = list[Math.min(list.length - 1, Math.max(0, list.indexOf(year) + move))];
    draw();
  });

  fields.forEach((field, number) => {
    if (number === 1) field.append(new Option("–", ""));
    all.forEach((one, place) => field.append(new Option(one.name, place)));
    field.addEventListener("change", choose);
  });
  fields[0].value = String(Math.max(0, all.findIndex((one) => one.name.includes("Indonesia"))));
  part.hidden = false;
  choose();
})();
