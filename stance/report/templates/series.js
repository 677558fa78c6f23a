// One pair over time: means with intervals, sentences, turns found and shifts stated.
function drawSeries(host, dyad) {
  const points = dyad.points.filter(point => point.period >= 0);
  if (!points.length) { host.replaceChildren(el("p", { class: "note" }, noSeries(dyad))); return; }
  const width = Math.max(280, host.clientWidth || 600);
  const box = { left: 74, right: width - 10, top: 24, bottom: 206, base: 262 };
  const first = data.days[points[0].period];
  const span = data.days[points[points.length - 1].period] - first;
  const x = period => span ? box.left + 12 + (data.days[period] - first) / span * (box.right - box.left - 24) : (box.left + box.right) / 2;
  const y = score => (box.top + box.bottom) / 2 - score * (box.bottom - box.top) / 2;
  const picture = svg("svg", { height: 286, viewBox: `0 0 ${width} 286`, role: "img", "aria-label": `${pairName(dyad)} over time` });
  for (const score of [-1, -0.5, 0, 0.5, 1]) {
    picture.append(svg("line", { x1: box.left, x2: box.right, y1: y(score), y2: y(score), stroke: score ? "#e8e8e8" : "#999" }),
      svg("text", { x: box.left - 5, y: y(score) + 4, "text-anchor": "end" }, axisName(score)));
  }
  picture.append(...ribbon(points, x, y), ...bars(points, x, box), ...timeLabels(points, x, box), ...changes(dyad, x, y, box),
    ...points.map(point => dot(point, x, y)));
  host.replaceChildren(picture);
}

function axisName(score) {
  return { "-1": "−1 against", "-0.5": "−0.5", 0: "0", 0.5: "+0.5", 1: "+1 in favor" }[score];
}

function noSeries(dyad) {
  return dyad.n && data.periods.length ? "This page has no series of this pair." : "No sentence of this pair has a date.";
}

function ribbon(points, x, y) {
  const top = points.map(p => `${x(p.period)},${y(p.high)}`);
  const bottom = points.map(p => `${x(p.period)},${y(p.low)}`).reverse();
  return [
    svg("polygon", { points: [...top, ...bottom].join(" "), fill: "#bbb", "fill-opacity": 0.4 }),
    ...points.map(p => svg("line", { x1: x(p.period), x2: x(p.period), y1: y(p.low), y2: y(p.high), stroke: "#aaa" })),
    svg("polyline", { points: points.map(p => `${x(p.period)},${y(p.mean)}`).join(" "), fill: "none", stroke: "#222", "stroke-width": 1.5 }),
  ];
}

function dot(point, x, y) {
  const inside = inTime(point.period);
  const fill = point.n < FEW ? "#fff" : point.mean < 0 ? "#b2182b" : "#2166ac";
  return svg("circle", {
    class: "point", cx: x(point.period), cy: y(point.mean), r: 5.5, fill, stroke: "#222", "fill-opacity": inside ? 1 : 0.25,
    "stroke-opacity": inside ? 1 : 0.35, click: () => onlyPeriod(point.period),
  }, svg("title", {}, `${data.periods[point.period]}: ${describe(point)}`));
}

function bars(points, x, box) {
  const most = Math.max(...points.map(p => p.n));
  const room = (box.right - box.left) / (points.length + 1);
  const wide = Math.max(2, Math.min(18, 0.7 * room));
  return [
    svg("text", { x: box.left - 5, y: box.base - 30, "text-anchor": "end" }, most.toLocaleString("en")),
    svg("text", { x: box.left - 5, y: box.base, "text-anchor": "end" }, "n"),
    ...points.map(p => {
      const tall = Math.max(1, 40 * p.n / most);
      return svg("rect", { x: x(p.period) - wide / 2, y: box.base - tall, width: wide, height: tall, fill: "#8a8a8a" });
    }),
  ];
}

function timeLabels(points, x, box) {
  const labels = [];
  let free = -Infinity;
  for (const { period } of points) {
    if (x(period) >= free && x(period) < box.right - 20) {
      labels.push(svg("text", { x: x(period), y: box.base + 17, "text-anchor": "middle" }, data.periods[period]));
      free = x(period) + 9 * data.periods[period].length;
    }
  }
  return labels;
}

// Turns are dashed lines with the means of both sides; shifts are triangles, since they are no test.
function changes(dyad, x, y, box) {
  const own = turns.filter(turn => turn.dyad === dyad.id).sort((a, b) => a.period - b.period);
  const marks = own.flatMap((turn, i) => {
    const at = x(turn.period) - 6;
    const from = i ? x(own[i - 1].period) - 6 : box.left;
    const to = i + 1 < own.length ? x(own[i + 1].period) - 6 : box.right;
    const side = (a, b, score) => svg("line", { x1: a, x2: b, y1: y(score), y2: y(score), stroke: score < 0 ? "#b2182b" : "#2166ac", "stroke-width": 3, "stroke-opacity": 0.75 });
    const right = at > (box.left + box.right) / 2;
    return [
      side(from, at, turn.before), side(at, to, turn.after),
      svg("line", { x1: at, x2: at, y1: box.top, y2: box.bottom, stroke: "#222", "stroke-dasharray": "5 4" }),
      svg("text", { x: at + (right ? -4 : 4), y: box.top - 11, "text-anchor": right ? "end" : "start" },
        `turn ${signed(turn.before)} to ${signed(turn.after)}, p ${turn.p < 0.001 ? "< 0.001" : "= " + turn.p.toFixed(3)}`),
    ];
  });
  const stated = new Set(dyad.evidence.filter(item => item.shift_from >= 0 && item.period >= 0).map(item => item.period));
  const triangles = [...stated].map(period => svg("path", {
    d: `M${x(period) - 6} ${box.bottom + 3} h12 l-6 -10 z`, fill: "#fff", stroke: "#222", "stroke-width": 1.5,
  }, svg("title", {}, `${data.periods[period]}: a sentence states a shift`)));
  return [...marks, ...triangles];
}

function periodTable(dyad) {
  const body = dyad.points.map(point => el("tr", {},
    el("td", {}, point.period < 0 ? "undated" : data.periods[point.period]),
    ...[signed(point.mean), `${signed(point.low)} to ${signed(point.high)}`, point.n.toLocaleString("en"),
      ...LABELS.map(label => percent(point[label]))].map(text => el("td", { class: "number" }, text))));
  const head = [data.by, "mean", "interval", "sentences", ...LABELS].map((name, i) => el("th", { scope: "col", class: i ? "number" : "" }, name));
  return el("details", {}, el("summary", {}, "The series in numbers"),
    el("div", { class: "scroll" }, el("table", { class: "list" }, el("thead", {}, el("tr", {}, ...head)), el("tbody", {}, ...body))));
}
