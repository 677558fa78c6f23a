// What the page knows and what of it is shown. Scores are in ten-thousandths in the data, in [−1, 1] here.
const data = JSON.parse(document.getElementById("data").textContent);
const LABELS = ["against", "neutral", "favor"];
const dyads = rows(data.dyads).map((dyad, id) => ({ ...scaled(dyad), id, points: [], evidence: [] }));
rows(data.series).forEach(point => dyads[point.dyad].points.push(scaled(point)));
const evidence = rows(data.evidence).map(item => ({ ...item, label: likeliest(item), period: periodOf(item.day) }));
evidence.forEach(item => dyads[item.dyad].evidence.push(item));
const turns = rows(data.turns).map(turn => ({
  ...turn, before: turn.before / 1e4, after: turn.after / 1e4, low: turn.low / 1e4, high: turn.high / 1e4,
}));
const LAST = data.periods.length - 1;
const state = { source: -1, target: -1, from: 0, to: LAST, label: "", dyad: null };

function rows(columns) {
  const names = Object.keys(columns);
  if (!names.length) return [];
  return columns[names[0]].map((_, i) => Object.fromEntries(names.map(name => [name, columns[name][i]])));
}

function scaled(cell) {
  const out = { ...cell };
  for (const key of ["mean", "low", "high", "against", "favor"]) out[key] = cell[key] / 1e4;
  out.neutral = Math.max(0, 1 - out.against - out.favor);
  return out;
}

function likeliest(item) {
  return LABELS.reduce((best, label) => (item[label] > item[best] ? label : best), "neutral");
}

function periodOf(day) {
  let found = -1;
  if (day) data.days.forEach((start, i) => { if (start <= day) found = i; });
  return found;
}

function wholeTime() { return state.from === 0 && state.to === LAST; }

function inTime(period) { return wholeTime() || (period >= state.from && period <= state.to); }

// A pair's numbers in the chosen periods. Of several periods they are means, each weighing as its
// sentences. There is no interval then: those of the periods share the model's errors, so that
// pooling them would promise too much.
function measure(dyad) {
  if (wholeTime()) return dyad;
  const points = dyad.points.filter(point => point.period >= 0 && inTime(point.period));
  if (state.from === state.to) return points[0] || null;
  const n = points.reduce((sum, point) => sum + point.n, 0);
  if (!n) return null;
  const mean = key => points.reduce((sum, point) => sum + point.n * point[key], 0) / n;
  return { n, mean: mean("mean"), low: null, high: null, against: mean("against"), neutral: mean("neutral"), favor: mean("favor") };
}

// The pairs that pass the filters, with their numbers as `now`.
function shownDyads() {
  return dyads.flatMap(dyad => {
    if (!passes(dyad)) return [];
    const now = measure(dyad);
    return now ? [{ dyad, now }] : [];
  });
}

function passes(dyad) {
  return (state.source < 0 || dyad.source === state.source) && (state.target < 0 || dyad.target === state.target);
}

function nameOf(actor) { return data.actors[actor]; }

function pairName(dyad) { return `${nameOf(dyad.source)} → ${nameOf(dyad.target)}`; }

function signed(value) {
  const text = Math.abs(value).toFixed(2);
  return (text === "0.00" ? "" : value < 0 ? "−" : "+") + text;
}

function percent(share) { return `${Math.round(100 * share)}%`; }

function count(n, word) { return `${n.toLocaleString("en")} ${word}${n === 1 ? "" : "s"}`; }

function dateOf(day) {
  if (!day) return "undated";
  // Python counts days from 0001-01-01 as 1, JavaScript from 1970-01-01 as 0.
  return new Date((day - 719163) * 864e5).toISOString().slice(0, 10);
}

// ColorBrewer RdBu, red for against to blue for in favor.
const STOPS = ["#67001f", "#b2182b", "#d6604d", "#f4a582", "#fddbc7", "#f7f7f7", "#d1e5f0", "#92c5de", "#4393c3", "#2166ac", "#053061"]
  .map(hex => [1, 3, 5].map(i => parseInt(hex.slice(i, i + 2), 16)));

function colorOf(score) {
  const place = (Math.min(1, Math.max(-1, score)) + 1) / 2 * (STOPS.length - 1);
  const i = Math.min(STOPS.length - 2, Math.floor(place));
  return STOPS[i].map((part, k) => Math.round(part + (STOPS[i + 1][k] - part) * (place - i)));
}

// Of a share of one label: white to the label's colour.
function shareColor(share, label) {
  if (label === "neutral") return [0, 0, 0].map(() => Math.round(247 - 157 * share));
  return colorOf(label === "favor" ? 0.85 * share : -0.85 * share);
}

function inkOn([red, green, blue]) {
  return 0.299 * red + 0.587 * green + 0.114 * blue < 140 ? "#fff" : "#111";
}

// Elements. Text goes in as text only; nothing here parses HTML.
function el(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

function svg(tag, attributes = {}, ...children) {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "click") node.addEventListener("click", value);
    else node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}
