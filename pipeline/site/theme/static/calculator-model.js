/* The model of the calculator: what fertilizer and every measure bring at given settings, from all draws.
   The same as pipeline/site/calculator_model.py; a test compares both. */
'use strict';

(function () {
  const FIELDS = ['cocoa', 'fertilizer', 'wage', 'yield_now', 'attacked', 'age'];
  // Another dose of an option that is compared: shown, never named as leading.
  const BEST_DOSE = 'fertilizer_best';

  // Draws ------------------------------------------------------------------------------------------------------

  function unpack(column, size) {
    const bytes = atob(column.codes);
    const values = new Float64Array(size);
    for (let i = 0; i < size; i += 1) {
      const code = column.width === 1
        ? bytes.charCodeAt(i)
        : bytes.charCodeAt(2 * i) + 256 * bytes.charCodeAt(2 * i + 1);
      values[i] = column.low + column.step * code;
    }
    return values;
  }

  function mapped(values, change) {
    const out = new Float64Array(values.length);
    for (let i = 0; i < values.length; i += 1) out[i] = change(values[i], i);
    return out;
  }

  function mean(values) {
    let sum = 0;
    for (let i = 0; i < values.length; i += 1) sum += values[i];
    return sum / values.length;
  }

  function meanProduct(first, second) {
    let sum = 0;
    for (let i = 0; i < first.length; i += 1) sum += first[i] * second[i];
    return sum / first.length;
  }

  function shareBelowZero(values) {
    let count = 0;
    for (let i = 0; i < values.length; i += 1) count += values[i] < 0 ? 1 : 0;
    return count / values.length;
  }

  // Values counted into bins of one width, so that a quantile needs the values of one bin in order, not all.
  const BINS = 2048;
  const bins = new Uint16Array(1 << 16);
  const counts = new Uint32Array(BINS);

  function binned(values) {
    let low = Infinity;
    let high = -Infinity;
    for (let i = 0; i < values.length; i += 1) {
      low = Math.min(low, values[i]);
      high = Math.max(high, values[i]);
    }
    const scale = high > low ? (BINS - 1) / (high - low) : 0;
    counts.fill(0);
    for (let i = 0; i < values.length; i += 1) {
      bins[i] = (values[i] - low) * scale;
      counts[bins[i]] += 1;
    }
  }

  // The values of the bin that holds the k-th smallest one (from 0) in order, and how many lie in the bins before it.
  function binOf(values, k) {
    let bin = 0;
    let before = 0;
    while (before + counts[bin] <= k) {
      before += counts[bin];
      bin += 1;
    }
    const within = new Float64Array(counts[bin]);
    let at = 0;
    for (let i = 0; at < within.length; i += 1) {
      if (bins[i] === bin) {
        within[at] = values[i];
        at += 1;
      }
    }
    return { values: within.sort(), before: before };
  }

  // Quantile with a straight line between neighbours; needs binned(values) before.
  function quantile(values, share) {
    const place = share * (values.length - 1);
    const k = Math.floor(place);
    const found = binOf(values, k);
    const at = k - found.before;
    if (place === k) return found.values[at];
    const next = at + 1 < found.values.length ? found.values[at + 1] : binOf(values, k + 1).values[0];
    return found.values[at] + (place - k) * (next - found.values[at]);
  }

  function interval(values, level) {
    binned(values);
    return {
      lower: quantile(values, (1 - level) / 2),
      value: quantile(values, 0.5),
      upper: quantile(values, (1 + level) / 2)
    };
  }

  // Model ------------------------------------------------------------------------------------------------------

  function parabola(dose) {
    const within = Math.min(dose, 1);
    return within * (2 - within);
  }

  function makeModel(data) {
    const columns = {};
    Object.keys(data.columns).forEach(function (name) { columns[name] = unpack(data.columns[name], data.draws); });
    const start = data.plateau_from;
    const known = data.constants;
    const firstSlope = mapped(columns.shape, function (shape, i) {
      return i < start ? shape / -Math.expm1(-shape) : 2 / shape / parabola(1 / shape);
    });
    const shares = known.dose_shares.map(function (dose) {
      return mapped(columns.shape, function (shape, i) {
        return i < start
          ? Math.expm1(-shape * dose) / Math.expm1(-shape)
          : parabola(dose / shape) / parabola(1 / shape);
      });
    });
    return { data: data, columns: columns, known: known, firstSlope: firstSlope, shares: shares, cache: {} };
  }

  // The result of make(), made again only when the setting it hangs on has changed.
  function remembered(model, name, setting, make) {
    const held = model.cache[name];
    if (held && held.setting === setting) return held.value;
    const value = make();
    model.cache[name] = { setting: setting, value: value };
    return value;
  }

  function attackedShare(settings, drawn) { return settings.attacked === null ? drawn : settings.attacked / 100; }

  // Share of the yield of clean trees that the borer takes at the attack.
  function borerLoss(model, settings) {
    return remembered(model, 'loss', settings.attacked, function () {
      const power = model.columns.power;
      return mapped(model.columns.attacked, function (drawn, i) {
        return model.columns.at_all[i] * Math.pow(attackedShare(settings, drawn), power[i]);
      });
    });
  }

  // The yield of the reader, or that of clean trees less what the borer takes.
  function presentYield(model, settings) {
    return remembered(model, 'yield', settings.yield_now + '|' + settings.attacked, function () {
      const given = settings.yield_now;
      if (given !== null) return mapped(model.columns.clean, function () { return given; });
      const loss = borerLoss(model, settings);
      return mapped(model.columns.clean, function (clean, i) { return clean * (1 - loss[i]); });
    });
  }

  // The draws in which trees can bear the yield of the reader at the attack, by their place: without the borer they
  // would bear no more than the potential. A yield that is not known comes with its draw of the pest.
  function possibleDraws(model, settings) {
    return remembered(model, 'possible', settings.yield_now + '|' + settings.attacked, function () {
      const loss = borerLoss(model, settings);
      const places = Array.from(loss.keys());
      if (settings.yield_now === null) return places;
      return places.filter(function (i) { return settings.yield_now / (1 - loss[i]) <= model.known.potential; });
    });
  }

  // The values in the possible draws only.
  function inPossible(model, settings, values) {
    return mapped(possibleDraws(model, settings), function (i) { return values[i]; });
  }

  // Ratio of the yields with and without sleeves, through the damage curve.
  function borerRatio(model, settings) {
    return remembered(model, 'borer', settings.attacked, function () {
      const left = remembered(model, 'left', null, function () {
        return mapped(model.columns.left, function (share, i) { return Math.pow(share, model.columns.power[i]); });
      });
      return mapped(borerLoss(model, settings), function (loss, i) { return (1 - loss * left[i]) / (1 - loss); });
    });
  }

  function ratio(model, settings, gain, part) {
    if (gain === 'borer') return borerRatio(model, settings);
    return remembered(model, gain + part, null, function () {
      return mapped(model.columns[gain], function (log) { return Math.exp(log * part); });
    });
  }

  // Training teaches the practices: its part through a practice of the package is not counted again.
  function taught(model, option) {
    const practices = option.measures.map(function (measure) { return measure.practice; });
    const covered = model.known.practices.filter(function (practice) { return practices.includes(practice); });
    return 1 - covered.length / model.known.practices.length;
  }

  function extraYield(now, factor, potential) {
    return Math.min(now * factor, Math.max(potential, now)) - now;
  }

  function optionExtra(model, settings, option) {
    const now = presentYield(model, settings);
    return remembered(model, 'extra ' + option.name, settings.yield_now + '|' + settings.attacked, function () {
      const part = taught(model, option);
      const factor = new Float64Array(now.length).fill(1);
      option.measures.forEach(function (measure) {
        const each = ratio(model, settings, measure.gain, measure.practice === 'knowledge' ? part : 1);
        for (let i = 0; i < factor.length; i += 1) factor[i] *= each[i];
      });
      for (let i = 0; i < factor.length; i += 1) factor[i] = extraYield(now[i], factor[i], model.known.potential);
      return factor;
    });
  }

  // What the measures of an option cost: days per ha, Rp per ha, and whether fertilizer is bought; the same for good.
  function costParts(model, option) {
    return remembered(model, 'cost ' + option.name, null, function () {
      const parts = {
        days: new Float64Array(model.data.draws),
        rupiah: new Float64Array(model.data.draws),
        buys: false
      };
      option.measures.forEach(function (measure) {
        measure.costs.forEach(function (cost) {
          const column = model.columns[cost.column];
          const into = cost.per === 'ha' ? parts.rupiah : parts.days;
          if (cost.per === 'dose') parts.buys = true;
          for (let i = 0; i < column.length; i += 1) into[i] += column[i];
        });
      });
      return parts;
    });
  }

  // Cost in Rp/ha; share is that of the full dose.
  function totalCost(model, settings, option, share) {
    const parts = costParts(model, option);
    const price = settings.fertilizer + model.known.transport;
    const fixed = parts.buys ? share * model.known.full_dose * price : 0;
    const wage = share * settings.wage;
    return mapped(parts.days, function (days, i) { return fixed + wage * days + parts.rupiah[i]; });
  }

  function netIncome(extra, net, cost) {
    return mapped(extra, function (kg, i) { return kg * net - cost[i]; });
  }

  function fertilizerOption(model) {
    return model.data.options.find(function (option) { return option.name === 'fertilizer'; });
  }

  // The tenth of the full dose with the best mean income; the same for all draws.
  function bestShare(model, settings, net) {
    const setting = settings.yield_now + '|' + settings.attacked;
    const kept = function (values) { return inPossible(model, settings, values); };
    const means = remembered(model, 'mean extra', setting, function () {
      const gain = kept(optionExtra(model, settings, fertilizerOption(model)));
      return model.shares.map(function (share) { return meanProduct(gain, kept(share)); });
    });
    const spreading = remembered(model, 'spreading', setting, function () {
      return mean(kept(model.columns.spreading));
    });
    let best = { income: -Infinity };
    model.known.dose_shares.forEach(function (share, k) {
      const price = settings.fertilizer + model.known.transport;
      const income = means[k] * net - share * (model.known.full_dose * price + spreading * settings.wage);
      if (income > best.income) best = { income: income, share: share, k: k };
    });
    return best;
  }

  function bestDoseExtra(model, settings, best) {
    const gain = optionExtra(model, settings, fertilizerOption(model));
    const share = model.shares[best.k];
    const now = presentYield(model, settings);
    return mapped(gain, function (extra, i) {
      return extraYield(now[i], 1 + extra * share[i] / now[i], model.known.potential);
    });
  }

  // Best dose in each draw: where the last kg just earns its cost.
  function bestDoses(model, settings, net) {
    const known = model.known;
    const gain = optionExtra(model, settings, fertilizerOption(model));
    const days = model.columns.spreading;
    return mapped(gain, function (extra, i) {
      const spreading = days[i] * settings.wage / known.full_dose;
      const price = (settings.fertilizer + known.transport + spreading) / net;
      const choke = Math.max(extra, 0) * model.firstSlope[i] / known.full_dose;
      if (!(choke > price)) return 0;
      const shape = model.columns.shape[i];
      const slope = price / choke;
      const dose = i < model.data.plateau_from ? -Math.log(slope) / shape : (1 - slope) * shape;
      return Math.min(Math.max(dose, 0), known.most) * known.full_dose;
    });
  }

  function chanceFirst(incomes, first) {
    const others = Object.keys(incomes).filter(function (name) { return name !== first && name !== BEST_DOSE; });
    const own = incomes[first];
    const lists = others.map(function (name) { return incomes[name]; });
    const rival = new Float64Array(own.length);
    lists.forEach(function (list) {
      for (let i = 0; i < rival.length; i += 1) rival[i] = Math.max(rival[i], list[i]);
    });
    let count = 0;
    for (let i = 0; i < own.length; i += 1) count += own[i] > rival[i] ? 1 : 0;
    return count / own.length;
  }

  function shareAbove(first, second) {
    let count = 0;
    for (let i = 0; i < first.length; i += 1) count += first[i] > second[i] ? 1 : 0;
    return count / first.length;
  }

  function median(values) {
    binned(values);
    return quantile(values, 0.5);
  }

  function row(name, income, cost, known) {
    const found = interval(income, known.level);
    return {
      name: name,
      value: found.value,
      lower: found.lower,
      upper: found.upper,
      bad: quantile(income, known.bad_case),
      cost: median(cost),
      loss: shareBelowZero(income)
    };
  }

  function compute(model, settings, outside) {
    const known = model.known;
    const kept = function (values) { return inPossible(model, settings, values); };
    const told = { outside: outside, possible: possibleDraws(model, settings).length / model.data.draws };
    if (told.possible < known.least_possible) {
      return Object.assign(told, { left_out: [], options: [] }, leading(model, [], {}));
    }
    const net = settings.cocoa - known.harvest_days * settings.wage;
    const sleevesKnown = settings.attacked !== 0 && !outside.includes('attacked');
    const offered = model.data.options.filter(function (option) {
      return sleevesKnown || !option.measures.some(function (measure) { return measure.needs_borer; });
    });
    const incomes = {};
    function add(name, extra, cost) {
      incomes[name] = kept(netIncome(extra, net, cost));
      return row(name, incomes[name], kept(cost), known);
    }
    const rows = offered.map(function (option) {
      return add(option.name, optionExtra(model, settings, option), totalCost(model, settings, option, 1));
    });
    const best = bestShare(model, settings, net);
    if (best.share < 1) {
      const cost = totalCost(model, settings, fertilizerOption(model), best.share);
      rows.push(add(BEST_DOSE, bestDoseExtra(model, settings, best), cost));
    }
    rows.sort(function (a, b) { return b.value - a.value; });
    return Object.assign(told, {
      dose: interval(kept(bestDoses(model, settings, net)), known.level),
      mean_dose: best.share * known.full_dose,
      mean_income: best.income,
      left_out: model.data.options.filter(function (option) { return !offered.includes(option); })
        .map(function (option) { return option.name; }),
      options: rows
    }, leading(model, outside.length ? [] : rows.filter(function (each) { return each.name !== BEST_DOSE; }), incomes));
  }

  // The options that cannot be told apart from the one with the highest median, and the safest and cheapest of them.
  function leading(model, rows, incomes) {
    const paying = rows.filter(function (each) { return each.value > 0; });
    if (!paying.length) return { tied: [], safest: '', cheapest: '', chance: null };
    const first = incomes[paying[0].name];
    const tied = paying.filter(function (each) { return shareAbove(first, incomes[each.name]) < model.known.told_apart; });
    const least = function (what) {
      return tied.reduce(function (best, each) { return each[what] < best[what] ? each : best; }).name;
    };
    return {
      tied: tied.map(function (each) { return each.name; }),
      safest: least('loss'),
      cheapest: least('cost'),
      chance: chanceFirst(incomes, paying[0].name)
    };
  }

  // Settings: what is possible, and what the evidence covers -----------------------------------------------------

  function problemOf(field, value) {
    if (value === null) return field.default === null ? null : 'missing';
    if (!Number.isFinite(value)) return 'number';
    if (value < field.low) return 'low';
    return value > field.high ? 'high' : null;
  }

  function problemsOf(data, settings) {
    const found = {};
    FIELDS.forEach(function (name) {
      const code = problemOf(data.fields[name], settings[name]);
      if (code) found[name] = code;
    });
    if (!Object.keys(found).length && settings.cocoa <= data.constants.harvest_days * settings.wage) {
      found.cocoa = 'harvest';
    }
    if (!found.age && settings.age !== null && settings.age < data.fields.age.evidence_low) found.age = 'immature';
    return found;
  }

  function ageNote(data, age) {
    const trial = data.constants.trial_years;
    if (age === null) return 'unknown';
    if (age > data.fields.age.evidence_high) return 'old';
    return age >= trial[0] && age <= trial[1] ? 'trial' : 'survey';
  }

  function notesOf(data, settings) {
    const found = {};
    FIELDS.forEach(function (name) {
      const value = settings[name];
      const field = data.fields[name];
      if (name === 'age' || value === null) return;
      if (value < field.evidence_low) found[name] = 'below';
      if (value > field.evidence_high) found[name] = 'above';
    });
    if (settings.attacked === 0) delete found.attacked;
    found.age = ageNote(data, settings.age);
    return found;
  }

  function evaluate(model, settings) {
    const problems = problemsOf(model.data, settings);
    if (Object.keys(problems).length) return { problems: problems, notes: {} };
    const notes = notesOf(model.data, settings);
    const outside = ['yield_now', 'attacked', 'age'].filter(function (name) {
      return ['below', 'above', 'old'].includes(notes[name]);
    });
    return Object.assign({ problems: problems, notes: notes }, compute(model, settings, outside));
  }

  window.cacaoCalculator = { makeModel: makeModel, evaluate: evaluate, fields: FIELDS };
}());
