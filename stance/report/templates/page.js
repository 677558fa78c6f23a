// The chosen pair with its sentences, and what the controls do.
const PAGE = 15;
const ORDERS = {
  strongest: ["strongest first", (a, b) => Math.abs(b.favor - b.against) - Math.abs(a.favor - a.against)],
  latest: ["latest first", (a, b) => b.day - a.day],
  earliest: ["earliest first", (a, b) => (a.day || Infinity) - (b.day || Infinity)],
  against: ["most against first", (a, b) => b.against - a.against],
  favor: ["most in favor first", (a, b) => b.favor - a.favor],
  turn: ["nearest to a turn first", (a, b) => fromTurn(a) - fromTurn(b)],
  shifts: ["stated shifts first", (a, b) => (b.shift_from >= 0) - (a.shift_from >= 0) || b.day - a.day],
};
function fromTurn(item) {
  const days = turns.filter(turn => turn.dyad === item.dyad).map(turn => data.days[turn.period]);
  return item.day ? Math.min(...days.map(day => Math.abs(item.day - day))) : Infinity;
}

const sight = { order: "strongest", outlet: -1, words: "", length: PAGE };

function openPair(dyad, order = "strongest") {
  Object.assign(state, { dyad });
  Object.assign(sight, { order, outlet: -1, words: "", length: PAGE });
  document.querySelectorAll(".heat button").forEach(button =>
    button.setAttribute("aria-pressed", String(Number(button.dataset.dyad) === dyad.id)));
  drawPair();
  const detail = document.getElementById("detail");
  detail.scrollTop = 0;
  const narrow = !matchMedia("(min-width: 1200px)").matches;
  document.getElementById("pair-title").focus({ preventScroll: !narrow });
  if (narrow) detail.scrollIntoView();
}

function drawPair() {
  const { dyad } = state;
  if (!dyad) return;
  document.getElementById("pair-title").textContent = pairName(dyad);
  const now = measure(dyad);
  const reverse = dyads.find(other => other.source === dyad.target && other.target === dyad.source);
  const facts = el("p", { class: "facts" }, now ? describe(now) : "No sentence in these periods");
  const kept = el("p", { class: "note" }, keptText(dyad));
  const series = el("div", { class: "series" });
  const list = el("div", { id: "sentences" });
  document.getElementById("pair").replaceChildren(
    el("p", { class: "back" }, el("button", { type: "button", click: backToHeatmap }, "Back to the heat map")),
    facts, ...(now ? [shareBar(now, 260)] : []),
    ...(reverse ? [el("p", {}, el("button", { type: "button", click: () => openPair(reverse) }, `See ${pairName(reverse)}`))] : []),
    el("h3", {}, `By ${data.by}`), series,
    el("p", { class: "note" }, `${percent(data.level)} intervals. Hollow: fewer than ${FEW} sentences. Dashed: turn found. Triangle: shift stated. A point chooses its ${data.by}.`),
    periodTable(dyad), el("h3", {}, "Sentences"), kept, ...(data.cues ? [marksKey()] : []), evidenceTools(dyad), list);
  drawSeries(series, dyad);
  drawEvidence();
}

function keptText(dyad) {
  const left = dyad.n - dyad.evidence.length;
  const printed = dyad.records > dyad.n ? `, printed ${dyad.records.toLocaleString("en")} times` : "";
  const outlets = dyad.outlets ? ` in ${count(dyad.outlets, "outlet")}` : "";
  return `${count(dyad.n, "distinct sentence")}${printed}${outlets}. ` + (left > 0
    ? `This page carries ${dyad.evidence.length.toLocaleString("en")} of them, the strongest and the latest; the other ${left.toLocaleString("en")} are in the records.`
    : "All are here.");
}

function marksKey() {
  return el("p", { class: "note" }, el("mark", { class: "source" }, "source"), " ", el("mark", { class: "target" }, "target"), " ",
    el("mark", { class: "cue" }, "cue"),
    ": the words without which the model is least sure of its answer. They moved the model; they do not prove why. A sentence without such words has none.");
}

function backToHeatmap() {
  const chosen = document.querySelector(".heat button[aria-pressed=true]");
  const to = chosen || document.getElementById("heat");
  to.focus({ preventScroll: true });
  to.scrollIntoView({ block: "center" });
}

function evidenceTools(dyad) {
  const outlets = [...new Set(dyad.evidence.flatMap(item => item.outlets))];
  outlets.sort((a, b) => data.outlets[a].localeCompare(data.outlets[b], "en"));
  const orders = Object.keys(ORDERS).filter(key => key !== "turn" || turns.some(turn => turn.dyad === dyad.id));
  const order = selectOf("order-sentences", orders.map(key => [key, ORDERS[key][0]]), sight.order);
  const outlet = selectOf("outlet", [[-1, "all outlets"], ...outlets.map(o => [o, data.outlets[o]])], sight.outlet);
  const words = el("input", { type: "search", id: "words", autocomplete: "off" });
  const changed = () => {
    Object.assign(sight, { order: order.value, outlet: Number(outlet.value), words: words.value.toLowerCase(), length: PAGE });
    drawEvidence();
  };
  order.addEventListener("change", changed);
  outlet.addEventListener("change", changed);
  words.addEventListener("input", changed);
  return el("div", { class: "tools hint" }, el("label", {}, "Order", order), el("label", {}, "Outlet", outlet), el("label", {}, "With the words", words));
}

function drawEvidence() {
  const found = state.dyad.evidence.filter(item => inTime(item.period)
    && (!state.label || item.label === state.label)
    && (sight.outlet < 0 || item.outlets.includes(sight.outlet))
    && (!sight.words || data.sentences[item.sentence].toLowerCase().includes(sight.words)));
  found.sort(ORDERS[sight.order][1]);
  const host = document.getElementById("sentences");
  const list = el("ol", { class: "evidence" }, ...found.slice(0, sight.length).map(evidenceItem));
  host.replaceChildren(el("p", { class: "note", role: "status" }, `${count(found.length, "sentence")} shown by these filters`), list);
  if (found.length > sight.length) {
    host.append(moreButton(found.length - sight.length, () => {
      const next = sight.length;
      sight.length += 3 * PAGE;
      drawEvidence();
      const item = document.querySelectorAll(".evidence > li")[next];
      item.tabIndex = -1;
      item.focus();
    }));
  }
}

function evidenceItem(item) {
  const outlets = item.outlets.map(o => data.outlets[o]).join(", ");
  const bits = [el("b", {}, dateOf(item.day)), ...(outlets ? [el("bdi", {}, outlets)] : []),
    el("b", { class: item.label }, item.label === "favor" ? "in favor" : item.label)];
  if (item.act >= 0) bits.push(el("span", {}, data.acts[item.act]));
  if (item.shift_from >= 0) bits.push(el("b", {}, `states a shift from ${LABELS[item.shift_from]}`));
  if (item.abstained) bits.push(el("span", {}, "model unsure"));
  if (item.records > 1) bits.push(el("span", {}, `${item.records} printings`));
  bits.push(el("bdi", {}, data.documents[item.document]));
  const shares = Object.fromEntries(LABELS.map(label => [label, item[label] / 100]));
  return el("li", {}, el("p", { class: "head" }, ...bits),
    el("p", { class: `sentence ${item.label}`, dir: "auto" }, ...markedText(item)),
    el("div", { class: "probabilities" }, shareBar(shares, 120), el("span", {}, LABELS.map(label => `${label} ${shares[label].toFixed(2)}`).join(" · "))));
}

function markedText(item) {
  const text = data.sentences[item.sentence];
  const [s0, s1, t0, t1, c0, c1] = item.marks;
  const cuts = [...new Set([0, text.length, ...item.marks])].sort((a, b) => a - b);
  return cuts.slice(1).map((end, i) => {
    const start = cuts[i];
    const roles = [...(s0 <= start && end <= s1 ? ["source"] : []), ...(t0 <= start && end <= t1 ? ["target"] : []),
      ...(c0 <= start && end <= c1 ? ["cue"] : [])];
    const piece = text.slice(start, end);
    return roles.length ? el("mark", { class: roles.join(" "), title: roles.join(" and ") }, piece) : piece;
  });
}

function selectOf(id, options, value) {
  const select = el("select", { id }, ...options.map(([key, name]) => el("option", { value: key }, name)));
  select.value = String(value);
  return select;
}

const score = key => ({ style: "number", numeric: true, value: item => item[key], cell: item => signed(item[key]) });
const drawPairs = listTable(document.getElementById("pairs"), [
  { name: "Pair", value: item => pairName(item.dyad), cell: item => pairButton(item.dyad) },
  { name: "Mean", style: "number", numeric: true, value: item => item.now.mean, cell: item => signed(item.now.mean) },
  { name: "Interval", style: "wide", numeric: true, value: item => item.now.high - item.now.low, cell: item => intervalBar(item.now) },
  { name: "Sentences", style: "number", numeric: true, value: item => item.now.n, cell: item => item.now.n.toLocaleString("en") },
  { name: "Against", style: "number wide", numeric: true, value: item => item.now.against, cell: item => percent(item.now.against) },
  { name: "Neutral", style: "number wide", numeric: true, value: item => item.now.neutral, cell: item => percent(item.now.neutral) },
  { name: "In favor", style: "number wide", numeric: true, value: item => item.now.favor, cell: item => percent(item.now.favor) },
], { sort: 3, empty: "No pair passes the filters." });
const drawTurns = listTable(document.getElementById("turns"), [
  { name: "Pair", value: turn => pairName(dyads[turn.dyad]), cell: turn => pairButton(dyads[turn.dyad], "turn") },
  { name: "At", style: "date", value: turn => turn.period, cell: turn => data.periods[turn.period] },
  { name: "Before", ...score("before") },
  { name: "After", ...score("after") },
  { name: "Change, interval", style: "number wide", numeric: true, value: turn => Math.abs(turn.after - turn.before), cell: turn => `${signed(turn.low)} to ${signed(turn.high)}` },
  { name: "p", style: "number", value: turn => turn.p, cell: turn => turn.p.toFixed(4) },
  { name: "q", style: "number wide", value: turn => turn.q, cell: turn => turn.q.toFixed(4) },
], { sort: 5, down: false, empty: "No turn found here." });
const drawShifts = listTable(document.getElementById("shifts"), [
  { name: "Pair", value: item => pairName(dyads[item.dyad]), cell: item => pairButton(dyads[item.dyad], "shifts") },
  { name: "Date", style: "date", numeric: true, value: item => item.day, cell: item => dateOf(item.day) },
  { name: "From", value: item => item.shift_from, cell: item => LABELS[item.shift_from] },
  { name: "To", value: item => item.label, cell: item => item.label },
  { name: "Sentence", style: "words wide", value: item => data.sentences[item.sentence], cell: item => el("bdi", {}, shortened(data.sentences[item.sentence])) },
], { sort: 1, empty: "No sentence here states a shift." });

function shortened(text) { return text.length > 140 ? `${text.slice(0, 139)}…` : text; }

function timeNote() {
  const several = !wholeTime() && state.from !== state.to;
  return several ? "; intervals are shown for one period or for all" : "";
}

function draw() {
  const shown = shownDyads();
  drawHeatmap(shown);
  drawPairs(shown);
  drawTurns(turns.filter(turn => passes(dyads[turn.dyad]) && inTime(turn.period)));
  drawShifts(evidence.filter(item => item.shift_from >= 0 && passes(dyads[item.dyad]) && inTime(item.period)
    && (!state.label || item.label === state.label)));
  drawPair();
  const sentences = shown.reduce((sum, item) => sum + item.now.n, 0);
  document.getElementById("status").textContent = `${count(shown.length, "pair")}, ${count(sentences, "sentence")}${timeNote()}`;
}

function fillFilters() {
  for (const side of ["source", "target"]) {
    const actors = [...new Set(dyads.map(dyad => dyad[side]))].sort((a, b) => nameOf(a).localeCompare(nameOf(b), "en"));
    document.getElementById(side).append(el("option", { value: -1 }, "all"), ...actors.map(actor => el("option", { value: actor }, nameOf(actor))));
  }
  for (const [id, chosen] of [["from", 0], ["to", LAST]]) {
    const select = document.getElementById(id);
    select.append(...data.periods.map((period, i) => el("option", { value: i, ...(i === chosen ? { selected: "" } : {}) }, period)));
    select.disabled = LAST < 1;
  }
}

function readFilters(event) {
  for (const id of ["source", "target"]) state[id] = Number(document.getElementById(id).value);
  state.label = document.getElementById("label").value;
  if (LAST > 0) {
    const [from, to] = ["from", "to"].map(id => Number(document.getElementById(id).value));
    // Whichever end was moved past the other takes it along.
    const moved = event && event.target.id === "to" ? to : from;
    Object.assign(state, from <= to ? { from, to } : { from: moved, to: moved });
    document.getElementById("from").value = state.from;
    document.getElementById("to").value = state.to;
  }
  draw();
}

function onlyPeriod(period) {
  const same = state.from === period && state.to === period;
  document.getElementById("from").value = same ? 0 : period;
  document.getElementById("to").value = same ? LAST : period;
  readFilters();
}

fillFilters();
for (const id of ["source", "target", "from", "to", "label", "size", "order"]) document.getElementById(id).addEventListener("change", readFilters);
document.getElementById("filters").addEventListener("submit", event => event.preventDefault());
document.getElementById("filters").addEventListener("reset", () => setTimeout(readFilters));
let width = innerWidth;
addEventListener("resize", () => {
  if (innerWidth !== width) { width = innerWidth; drawPair(); }
});
state.dyad = dyads[0] || null;
draw();
