/* The page of the calculator: reads the settings as the reader writes numbers, shows what the model says.
   Words stand in the page (#calculator-words), the draws in calculator-data.js, the model in calculator-model.js. */
'use strict';

(function () {
  const FIELDS = window.cacaoCalculator.fields;
  const words = JSON.parse(document.getElementById('calculator-words').textContent);
  const english = words.language === 'en';
  const data = window.CACAO_CALCULATOR;
  let model = null;
  let waiting = 0;
  let linkProblem = false;

  function byId(name) { return document.getElementById('calculator-' + name); }

  // Numbers ------------------------------------------------------------------------------------------------------

  // As the language of the page writes them. A mark that cannot stand between thousands is a decimal mark.
  function parseNumber(text) {
    const typed = text.replace(/[\s\u00a0]/g, '').replace(/^Rp\.?/i, '').replace(/^\u2212/, '-').replace(/%$/, '');
    if (typed === '') return null;
    const group = english ? ',' : '\\.';
    const decimal = english ? '\\.' : ',';
    const grouped = new RegExp('^-?\\d{1,3}(' + group + '\\d{3})+(' + decimal + '\\d+)?$');
    const own = new RegExp('^-?\\d+(' + decimal + '\\d+)?$');
    const other = new RegExp('^-?\\d+' + group + '(\\d{1,2}|\\d{4,})$');
    if (grouped.test(typed)) {
      return Number(typed.replace(new RegExp(group, 'g'), '').replace(',', '.'));
    }
    return own.test(typed) || other.test(typed) ? Number(typed.replace(',', '.')) : NaN;
  }

  function fixed(value, digits) {
    const shift = Math.pow(10, digits);
    const rounded = Math.floor(Math.abs(value) * shift + 0.5) / shift;
    const parts = rounded.toFixed(digits).split('.');
    const whole = parts[0].replace(/\B(?=(\d{3})+$)/g, english ? ',' : '.');
    const sign = value < 0 && rounded > 0 ? '\u2212' : '';
    return sign + whole + (digits ? (english ? '.' : ',') + parts[1] : '');
  }

  function plain(value) {
    const digits = [0, 1, 2].find(function (d) { return d === 2 || Math.abs(value - Number(value.toFixed(d))) < 1e-9; });
    return fixed(value, digits);
  }

  // Rupiah in millions, to two digits as everywhere else; zeros that only fill them up are left out.
  function million(value) {
    const rounded = Number((value / 1e6).toPrecision(2));
    const digits = rounded === 0 ? 0 : Math.max(0, 1 - Math.floor(Math.log10(Math.abs(rounded))));
    return digits ? fixed(rounded, digits).replace(/(\d*[.,]\d*?)0+$/, '$1').replace(/[.,]$/, '') : fixed(rounded, 0);
  }

  function twoDigits(value) { return fixed(Number(value.toPrecision(2)), 0); }

  function fill(text, values) {
    return text.replace(/\{(\w+)\}/g, function (all, name) { return name in values ? values[name] : all; });
  }

  // Settings: form and address -------------------------------------------------------------------------------------

  // A field that was not touched stands for the exact start value, of which it shows whole rupiah.
  function fieldValue(name) {
    const input = byId(name);
    const start = data.fields[name].default;
    if (start !== null && input.value === input.defaultValue) return start;
    return parseNumber(input.value);
  }

  function readSettings() {
    const settings = {};
    FIELDS.forEach(function (name) { settings[name] = fieldValue(name); });
    return settings;
  }

  // Numbers in the address are written with a point in both languages, so that a link works in either.
  function address(settings) {
    const parts = FIELDS.filter(function (name) {
      return settings[name] !== data.fields[name].default && Number.isFinite(settings[name]);
    }).map(function (name) { return name + '=' + String(settings[name]); });
    return parts.length ? '#' + parts.join('&') : '';
  }

  // A number of the address as the reader would write it; none of its decimals is lost.
  function written(text) {
    const number = Number(text);
    if (Math.abs(number * 100 - Math.round(number * 100)) < 1e-6) return plain(number);
    return english ? text : text.replace('.', ',');
  }

  function fromAddress() {
    linkProblem = false;
    const given = new URLSearchParams(window.location.hash.slice(1));
    given.forEach(function (text, name) {
      if (!FIELDS.includes(name) || !/^-?\d+(\.\d+)?$/.test(text)) linkProblem = true;
      else byId(name).value = written(text);
    });
    FIELDS.filter(function (name) { return !given.has(name); })
      .forEach(function (name) { byId(name).value = byId(name).defaultValue; });
  }

  function toAddress(settings) {
    const target = address(settings);
    if (window.location.hash === target) return;
    try {
      window.history.replaceState(null, '', target || window.location.pathname + window.location.search);
    } catch (error) {
      window.location.replace(target || '#');
    }
    document.querySelectorAll('a[href]').forEach(function (link) {
      const href = link.getAttribute('href');
      if (/calculator\.html(#.*)?$/.test(href)) link.setAttribute('href', href.replace(/#.*$/, '') + target);
    });
  }

  // What is shown --------------------------------------------------------------------------------------------------

  function element(tag, text, className) {
    const made = document.createElement(tag);
    if (text !== undefined) made.textContent = text;
    if (className) made.className = className;
    return made;
  }

  function replaceChildren(parent, children) {
    while (parent.firstChild) parent.removeChild(parent.firstChild);
    children.forEach(function (child) { parent.appendChild(child); });
  }

  function problemText(name, code, value) {
    const typed = byId(name).value.trim();
    const said = words.problems[name];
    const shownValue = Number.isFinite(value) ? plain(value) : typed;
    return fill(code === 'low' && value < 0 ? said.negative : said[code], { value: shownValue, typed: typed });
  }

  function showField(name, settings, result) {
    const said = byId(name + '-said');
    const problem = result.problems[name];
    const note = result.notes[name];
    const text = problem ? problemText(name, problem, settings[name])
      : note && note !== 'unknown' ? words.notes[name + '.' + note] : '';
    if (said.textContent !== text) said.textContent = text;
    said.hidden = !text;
    said.classList.toggle('is-problem', Boolean(problem));
    byId(name).setAttribute('aria-invalid', problem ? 'true' : 'false');
  }

  function optionName(name, result) { return fill(words.options[name], { dose: plain(result.mean_dose) }); }

  function numbersOf(row, result) {
    const said = { name: optionName(row.name, result), loss: fixed(row.loss * 100, 0) };
    ['value', 'lower', 'upper', 'cost', 'bad'].forEach(function (part) { said[part] = million(row[part]); });
    return said;
  }

  function statusSentences(settings, result) {
    const wrong = FIELDS.filter(function (name) { return result.problems[name]; });
    if (wrong.length) {
      return [words.result.none].concat(wrong.map(function (name) {
        return words.labels[name] + ': ' + problemText(name, result.problems[name], settings[name]);
      }));
    }
    if (!result.options.length) return [rareSentence(settings, result)];
    if (result.outside.length) {
      const named = result.outside.map(function (name) { return words.labels[name] + ': ' + plain(settings[name]); });
      return [fill(words.result.outside, { settings: named.join('; ') })];
    }
    if (!result.tied.length) return [words.result.nothing];
    return leadingSentences(result);
  }

  // A yield and an attack that hardly occur together: no sums are shown.
  function rareSentence(settings, result) {
    const named = ['yield_now', 'attacked'].map(function (name) {
      return words.labels[name] + ': ' + (settings[name] === null ? words.result.unknown : plain(settings[name]));
    });
    return fill(words.result.rare, { settings: named.join('; '), possible: fixed(Math.ceil(result.possible * 100), 0) });
  }

  // What leads: alone, or tied with others of which the safest and the cheapest are named.
  function leadingSentences(result) {
    const numbers = {};
    result.options.forEach(function (row) { numbers[row.name] = numbersOf(row, result); });
    const first = Object.assign({ chance: fixed(result.chance * 100, 0) }, numbers[result.tied[0]]);
    if (result.tied.length === 1) return [fill(words.result.first, first)];
    const names = result.tied.map(function (name) { return numbers[name].name; }).join(words.result.and);
    return [
      fill(words.result.tie, { names: names }),
      fill(words.result.highest, first),
      fill(words.result.safest, numbers[result.safest]),
      fill(words.result.cheapest, numbers[result.cheapest])
    ];
  }

  function svg(tag, attributes) {
    const made = document.createElementNS('http://www.w3.org/2000/svg', tag);
    Object.keys(attributes).forEach(function (name) { made.setAttribute(name, String(attributes[name])); });
    return made;
  }

  // The interval as a bar with its middle and the line of no gain; all rows have one scale.
  function bar(row, scale) {
    const drawn = svg('svg', { class: 'calculator-bar', viewBox: '0 0 100 10', preserveAspectRatio: 'none', 'aria-hidden': 'true' });
    const place = function (value) { return (value - scale.low) / (scale.high - scale.low) * 100; };
    drawn.appendChild(svg('rect', { class: 'span', x: place(row.lower), y: 3, width: place(row.upper) - place(row.lower), height: 4 }));
    drawn.appendChild(svg('rect', { class: 'middle', x: place(row.value) - 0.7, y: 0, width: 1.4, height: 10 }));
    drawn.appendChild(svg('line', { class: 'zero', x1: place(0), x2: place(0), y1: 0, y2: 10 }));
    return drawn;
  }

  function tableRow(row, result, scale) {
    const said = numbersOf(row, result);
    const made = element('tr', undefined, result.tied.includes(row.name) ? 'is-first' : '');
    const name = element('th', said.name);
    name.setAttribute('scope', 'row');
    const income = element('td');
    income.appendChild(element('strong', said.value));
    income.appendChild(document.createTextNode(' '));
    income.appendChild(element('span', '(' + fill(words.result.interval, said) + ')'));
    income.appendChild(bar(row, scale));
    [name, income, element('td', said.cost), element('td', said.loss + '\u00a0%')].forEach(function (cell) { made.appendChild(cell); });
    return made;
  }

  function showNumbers(result) {
    const dose = {
      value: twoDigits(result.dose.value),
      lower: twoDigits(result.dose.lower),
      upper: twoDigits(result.dose.upper)
    };
    byId('rate').textContent = fill(result.dose.value > 0 ? words.result.dose : words.result.no_dose, dose);
    const about = result.mean_income > 0 ? words.result.mean_dose : words.result.no_mean_dose;
    byId('about-rate').textContent = fill(about, { dose: plain(result.mean_dose) });
    const scale = {
      low: Math.min.apply(null, result.options.map(function (row) { return Math.min(row.lower, 0); })),
      high: Math.max.apply(null, result.options.map(function (row) { return Math.max(row.upper, 1); }))
    };
    replaceChildren(byId('rows'), result.options.map(function (row) { return tableRow(row, result, scale); }));
    const notes = FIELDS.filter(function (name) { return result.notes[name]; })
      .map(function (name) { return words.notes[name + '.' + result.notes[name]]; });
    const possible = fixed(result.possible * 100, 0);
    if (possible !== '100') notes.push(fill(words.result.possible, { possible: possible }));
    if (result.left_out.length) notes.push(words.result.left_out);
    if (linkProblem) notes.push(words.result.bad_link);
    replaceChildren(byId('notes'), notes.map(function (note) { return element('li', note); }));
  }

  function showStatus(settings, result) {
    const sentences = statusSentences(settings, result);
    const box = byId('status');
    box.classList.toggle('is-problem', Object.keys(result.problems).length > 0);
    if (box.getAttribute('data-said') === sentences.join(' ')) return;
    box.setAttribute('data-said', sentences.join(' '));
    replaceChildren(box, sentences.map(function (sentence) { return element('p', sentence); }));
  }

  function show() {
    const settings = readSettings();
    const result = window.cacaoCalculator.evaluate(model, settings);
    const usable = Object.keys(result.problems).length === 0 && result.options.length > 0;
    FIELDS.forEach(function (name) { showField(name, settings, result); });
    byId('numbers').hidden = !usable;
    if (usable) showNumbers(result);
    showStatus(settings, result);
    toAddress(settings);
    byId('copied').textContent = '';
    return { settings: settings, result: result };
  }

  // One computation for a burst of key strokes.
  function later() {
    if (waiting) return;
    waiting = window.requestAnimationFrame(function () {
      waiting = 0;
      show();
    });
  }

  // When the reader leaves a field its number is written as the language writes it: what was read is seen.
  function tidy(event) {
    const name = event.target.name;
    if (!FIELDS.includes(name) || event.target.value === event.target.defaultValue) return;
    const value = parseNumber(event.target.value);
    if (Number.isFinite(value)) event.target.value = written(String(value));
  }

  function copyLink() {
    const said = byId('copied');
    const failed = function () { said.textContent = words.result.not_copied; };
    if (!navigator.clipboard) {
      failed();
      return;
    }
    navigator.clipboard.writeText(window.location.href)
      .then(function () { said.textContent = words.result.copied; }, failed);
  }

  function start() {
    model = window.cacaoCalculator.makeModel(data);
    const form = byId('form');
    byId('legend').hidden = false;
    fromAddress();
    show();
    form.addEventListener('input', later);
    form.addEventListener('change', tidy);
    form.addEventListener('submit', function (event) { event.preventDefault(); });
    form.addEventListener('reset', function () { window.setTimeout(show, 0); });
    byId('copy').addEventListener('click', copyLink);
    window.addEventListener('hashchange', function () {
      fromAddress();
      show();
    });
    window.cacaoCalculator.show = show;
    window.cacaoCalculator.parseNumber = parseNumber;
  }

  start();
}());
