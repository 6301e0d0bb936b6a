// One or two time series, drawn by Vega once they are in sight; the year under the pointer, or chosen with the arrow keys, is read out in words.
"use strict";
(() => {
  const COLOURS = ["#0072B2", "#B35900"];
  const all = JSON.parse(document.getElementById("data").textContent);
  const part = document.getElementById("series");
  const chart = document.getElementById("chart");
  const reading = document.getElementById("reading");
  const fields = ["first", "second"].map((name) => document.getElementById(name));
  const language = document.documentElement.lang;
  const marks = language === "id" ? { decimal: ",", thousands: "." } : { decimal: ".", thousands: "," };
  const shown = (value) => value.toLocaleString(language, { maximumSignificantDigits: 5 });
  let chosen = [];
  let year = null;
  let drawn = null;

  const years = () => [...new Set(chosen.flatMap((one) => one.points.map((point) => point[0])))].sort((a, b) => a - b);

  // A missing year begins a new piece of the line: a gap is never bridged.
  const values = (one) => {
    let piece = 0;
    return one.points.map(([at, value, warning], i) => {
      if (i > 0 && at - one.points[i - 1][0] !== 1) piece += 1;
      return { year: at, value, warning, piece };
    });
  };

  const only = (test) => ({ condition: { test, value: 1 }, value: 0 });
  const layer = (one, number, units) => {
    const colour = COLOURS[number];
    const axis = { title: units.size > 1 || number === 0 ? one.unit : null, titleColor: colour, labelColor: colour, orient: number ? "right" : "left" };
    return {
      data: { values: values(one) },
      encoding: {
        x: { field: "year", type: "quantitative", axis: { format: "d", title: null, grid: false, tickMinStep: 1 }, scale: { nice: false, zero: false } },
        y: { field: "value", type: "quantitative", axis: units.size > 1 || number === 0 ? { ...axis, grid: number === 0 } : undefined },
      },
      layer: [
        { mark: { type: "line", color: colour, strokeJoin: "round", strokeDash: number ? [6, 3] : [1, 0] }, encoding: { detail: { field: "piece" } } },
        { mark: { type: "point", fill: "white", stroke: colour, size: 20 }, encoding: { opacity: only("datum.warning") } },
        { mark: { type: "point", filled: true, color: colour, size: 90 }, encoding: { opacity: only("datum.year == year") } },
      ],
    };
  };

  const specification = () => {
    const units = new Set(chosen.map((one) => one.unit));
    const rule = {
      data: { values: years().map((at) => ({ year: at })) },
      encoding: { x: { field: "year", type: "quantitative" } },
      layer: [
        { mark: { type: "rule", color: "#595959", strokeDash: [2, 3] }, encoding: { opacity: only("datum.year == year") } },
        { params: [{ name: "near", select: { type: "point", on: "pointermove", nearest: true, fields: ["year"], toggle: false, clear: false } }], mark: { type: "point", opacity: 0 } },
      ],
    };
    return {
      width: "container",
      height: 300,
      params: [{ name: "year", value: year }],
      layer: [...chosen.map((one, number) => layer(one, number, units)), rule],
      resolve: { scale: { y: units.size > 1 ? "independent" : "shared" } },
    };
  };

  const embedding = {
    mode: "vega-lite",
    renderer: "svg",
    ast: true,
    actions: false,
    defaultStyle: false,
    tooltip: false,
    formatLocale: { ...marks, grouping: [3], currency: ["Rp", ""] },
    config: { aria: false, background: null, font: "Noto Sans, DejaVu Sans, Roboto, Arial, sans-serif", axis: { labelFontSize: 12, titleFontSize: 12, titleAngle: 0, titleAnchor: "start", titleAlign: "left", titleY: -10 }, view: { stroke: null }, padding: 8 },
  };

  const go = (to) => {
    year = to;
    if (drawn) drawn.view.signal("year", year).runAsync();
    read();
  };

  const read = () => {
    const lines = chosen.map((one) => {
      const point = one.points.find(([at]) => at === year);
      return point ? `${one.name}: ${shown(point[1])} ${one.unit}${point[2] ? ` (${point[2]})` : ""}` : `${one.name}: ${part.dataset.none}`;
    });
    reading.textContent = `${part.dataset.year} ${year}. ${lines.join(". ")}`;
  };

  const choose = async () => {
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
    read();
    if (window.vegaEmbed) await draw();
  };

  const draw = async () => {
    if (drawn) drawn.finalize();
    drawn = await window.vegaEmbed(document.getElementById("drawing"), specification(), embedding);
    drawn.view.addSignalListener("near", (_, near) => near.year && near.year[0] !== year && go(near.year[0]));
  };

  chart.addEventListener("keydown", (event) => {
    const move = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!move) return;
    event.preventDefault();
    const list = years();
    go(list[Math.min(list.length - 1, Math.max(0, list.indexOf(year) + move))]);
  });

  fields.forEach((field, number) => {
    if (number === 1) field.append(new Option("–", ""));
    all.forEach((one, place) => field.append(new Option(one.name, place)));
    field.addEventListener("change", choose);
  });
  fields[0].value = String(Math.max(0, all.findIndex((one) => one.name.includes("Indonesia"))));
  part.hidden = false;
  choose();

  // Vega is large: the page can be read and its tables used before it comes, and it comes when the chart is in sight.
  const load = () => {
    const script = document.createElement("script");
    script.src = part.dataset.library;
    script.addEventListener("load", draw);
    document.head.append(script);
  };
  const sight = new IntersectionObserver((entries) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    sight.disconnect();
    requestAnimationFrame(() => setTimeout(load));
  });
  addEventListener("load", () => sight.observe(chart));
})();
