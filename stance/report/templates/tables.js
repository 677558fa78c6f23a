// The heat map, and one kind of sortable table for pairs, turns and shifts.
const FEW = data.few;

function drawHeatmap(shown) {
  const size = Number(document.getElementById("size").value);
  const order = document.getElementById("order").value;
  const sources = chosenActors(shown, "source", size, order);
  const targets = chosenActors(shown, "target", size, order);
  const cells = new Map(shown.map(item => [`${item.dyad.source},${item.dyad.target}`, item]));
  const head = el("tr", {}, el("td", {}, "source ↓ target →"),
    ...targets.map(t => el("th", { scope: "col", title: nameOf(t) }, el("span", {}, nameOf(t)))));
  const body = sources.map(s => el("tr", {}, el("th", { scope: "row", title: nameOf(s) }, nameOf(s)),
    ...targets.map(t => el("td", {}, ...(cells.has(`${s},${t}`) ? [heatCell(cells.get(`${s},${t}`))] : [])))));
  const table = el("table", { class: "heat", "aria-label": "Mean stance of row toward column" },
    el("thead", {}, head), el("tbody", {}, ...body));
  table.addEventListener("keydown", moveInHeatmap);
  document.getElementById("heatmap").replaceChildren(shown.length ? table : el("p", {}, "No pair passes the filters."));
  const first = table.querySelector("button[aria-pressed=true]") || table.querySelector("button");
  if (first) first.tabIndex = 0;
  const all = [new Set(shown.map(i => i.dyad.source)).size, new Set(shown.map(i => i.dyad.target)).size];
  document.getElementById("heat-note").textContent =
    `${sources.length} of ${count(all[0], "source")}, ${targets.length} of ${count(all[1], "target")}; ` +
    (state.label ? `share of sentences that are ${state.label}` : "mean stance") +
    ` over the number of sentences. Grey: fewer than ${FEW}. Arrow keys move, Enter opens the sentences.`;
  drawLegend();
}

function chosenActors(shown, side, size, order) {
  const sums = new Map();
  for (const { dyad, now } of shown) {
    const sum = sums.get(dyad[side]) || { n: 0, score: 0 };
    sums.set(dyad[side], { n: sum.n + now.n, score: sum.score + now.n * now.mean });
  }
  const most = [...sums].sort((a, b) => b[1].n - a[1].n).slice(0, size);
  if (order === "name") most.sort((a, b) => nameOf(a[0]).localeCompare(nameOf(b[0]), "en"));
  if (order === "mean") most.sort((a, b) => a[1].score / a[1].n - b[1].score / b[1].n);
  return most.map(([actor]) => actor);
}

function heatCell({ dyad, now }) {
  const value = state.label ? percent(now[state.label]) : signed(now.mean);
  const few = now.n < FEW;
  const button = el("button", {
    type: "button", tabindex: "-1", "aria-pressed": String(state.dyad === dyad), class: few ? "few" : "",
    "aria-label": `${nameOf(dyad.source)} toward ${nameOf(dyad.target)}: ${describe(now)}`,
    title: `${pairName(dyad)}\n${describe(now)}`, click: () => openPair(dyad),
  }, value, el("small", {}, now.n.toLocaleString("en")));
  button.dataset.dyad = dyad.id;
  if (!few) {
    const color = state.label ? shareColor(now[state.label], state.label) : colorOf(now.mean);
    button.style.backgroundColor = `rgb(${color})`;
    button.style.color = inkOn(color);
  }
  return button;
}

function describe(now) {
  const interval = now.low === null ? "" : `${percent(data.level)} interval ${signed(now.low)} to ${signed(now.high)}, `;
  return `mean ${signed(now.mean)}, ${interval}${count(now.n, "sentence")}; ` +
    `against ${percent(now.against)}, neutral ${percent(now.neutral)}, in favor ${percent(now.favor)}`;
}

function moveInHeatmap(event) {
  const steps = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] };
  const step = steps[event.key];
  const cell = event.target.closest("td");
  if (!step || !cell) return;
  event.preventDefault();
  const grid = [...event.currentTarget.tBodies[0].rows];
  let row = cell.parentElement.sectionRowIndex;
  let column = cell.cellIndex;
  // On over empty cells to the next one with a number.
  for (;;) {
    row += step[0];
    column += step[1];
    if (!grid[row] || column < 1 || !grid[row].cells[column]) return;
    const next = grid[row].cells[column].querySelector("button");
    if (next) {
      event.target.tabIndex = -1;
      next.tabIndex = 0;
      next.focus();
      return;
    }
  }
}

function drawLegend() {
  const parts = [-0.9, -0.6, -0.3, 0, 0.3, 0.6, 0.9].map(score => {
    const box = el("i");
    box.style.backgroundColor = `rgb(${state.label ? shareColor((score + 0.9) / 1.8, state.label) : colorOf(score)})`;
    return box;
  });
  const [low, high] = state.label ? ["0%", `100% ${state.label}`] : ["−1 against", "+1 in favor"];
  document.getElementById("legend").replaceChildren(low, ...parts, high);
}

// A sortable table that shows its rows a page at a time. Columns: name, value (what sorts), cell, numeric.
function listTable(host, columns, { sort = 0, down = true, page = 12, empty }) {
  let items = [];
  let length = page;
  function draw() {
    if (!items.length) { host.replaceChildren(el("p", { class: "note" }, empty)); return; }
    const sign = down ? -1 : 1;
    const value = columns[sort].value;
    items.sort((a, b) => sign * (typeof value(a) === "string" ? value(a).localeCompare(value(b), "en") : value(a) - value(b)));
    const head = columns.map((column, i) => el("th", {
      scope: "col", class: column.style || "", "aria-sort": i === sort ? (down ? "descending" : "ascending") : "none",
    }, el("button", { type: "button", click: () => sortBy(i) }, column.name)));
    const body = items.slice(0, length).map(item => el("tr", {}, ...columns.map(column =>
      el("td", { class: column.style || "" }, column.cell(item)))));
    const table = el("table", { class: "list" }, el("thead", {}, el("tr", {}, ...head)), el("tbody", {}, ...body));
    host.replaceChildren(table);
    if (items.length > length) host.append(moreButton(items.length - length, () => { length += 4 * page; draw(); }));
  }
  function sortBy(i) {
    down = i === sort ? !down : Boolean(columns[i].numeric);
    sort = i;
    draw();
    host.querySelectorAll("th button")[i].focus();
  }
  return shown => { items = shown; length = page; draw(); };
}

function moreButton(left, click) {
  return el("button", { type: "button", class: "more", click }, `Show more (${left.toLocaleString("en")} left)`);
}

function pairButton(dyad, order) {
  return el("button", { type: "button", click: () => openPair(dyad, order) }, pairName(dyad));
}

function intervalBar(cell) {
  const x = score => 55 + 52 * score;
  return svg("svg", { width: 110, height: 18, "aria-hidden": "true" },
    svg("line", { x1: x(-1), x2: x(1), y1: 9, y2: 9, stroke: "#ddd" }),
    svg("line", { x1: x(0), x2: x(0), y1: 2, y2: 16, stroke: "#999" }),
    ...(cell.low === null ? [] : [svg("line", { x1: x(cell.low), x2: x(cell.high), y1: 9, y2: 9, stroke: "#888", "stroke-width": 4 })]),
    svg("circle", { cx: x(cell.mean), cy: 9, r: 4.5, fill: cell.n < FEW ? "#fff" : cell.mean < 0 ? "#b2182b" : "#2166ac", stroke: "#222" }));
}

function shareBar(cell, width) {
  const bar = svg("svg", { width, height: 12, role: "img",
    "aria-label": LABELS.map(label => `${label} ${percent(cell[label])}`).join(", ") });
  let x = 0;
  for (const [label, color] of [["against", "#b2182b"], ["neutral", "#c9c9c9"], ["favor", "#2166ac"]]) {
    bar.append(svg("rect", { x, y: 0, width: Math.max(0, width * cell[label]), height: 12, fill: color }));
    x += width * cell[label];
  }
  return bar;
}
