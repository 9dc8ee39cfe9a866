// Streaming charts (uPlot), one a joint pair and one for cadence, over one shared history.

import uPlot from "../vendor/uPlot.esm.js";
import { figure, clock } from "./names.js";
import { setText } from "./page.js";

const LEFT = "#1f77b4";
const RIGHT = "#c8551b";
const NEUTRAL = "#0b4a5e";
const INK = "#49606a";
const GRID = { stroke: "#e4ebeb", width: 1 };
const FONT = "12px system-ui, sans-serif";
const LEAST_WIDTH = 200;

const TIME = "time, min:s";
const ANGLE = { unit: "°", axis: "degrees" };

// Least range of each axis, so that noise at rest does not fill a chart.
const CHARTS = [
  { title: "Hip", ...ANGLE, least: [-20, 60], lines: [["left_hip", LEFT], ["right_hip", RIGHT]] },
  { title: "Knee", ...ANGLE, least: [-10, 100], lines: [["left_knee", LEFT], ["right_knee", RIGHT]] },
  { title: "Ankle", ...ANGLE, least: [-30, 40], lines: [["left_ankle", LEFT], ["right_ankle", RIGHT]] },
  { title: "Cadence", unit: " /min", axis: "steps/min", least: [60, 140], lines: [["cadence", NEUTRAL]] },
];

/** Draws a history into `holder`; `windowS` is how many seconds are shown. */
export class Charts {
  windowS = 30;
  #history;
  #charts;
  #due = false;

  constructor(holder, history) {
    this.#history = history;
    this.#charts = CHARTS.map((chart) => this.#build(holder, chart));
  }

  /** Draw at the next refresh of the screen; several calls before it cost one drawing. */
  draw() {
    if (this.#due) return;
    this.#due = true;
    requestAnimationFrame(() => {
      this.#due = false;
      for (const chart of this.#charts) this.#drawOne(chart);
    });
  }

  #build(holder, { title, unit, axis, least, lines }) {
    const box = document.createElement("figure");
    box.className = "chart";
    const caption = document.createElement("figcaption");
    caption.append(Object.assign(document.createElement("strong"), { textContent: title }));
    const values = lines.map(([name, colour]) => {
      const value = document.createElement("span");
      value.dataset.series = name;
      value.style.color = colour;
      return value;
    });
    caption.append(...values);
    const area = document.createElement("div");
    area.setAttribute("role", "img");
    area.setAttribute("aria-label", `${title} in ${axis} over ${TIME}`);
    box.append(caption, area);
    holder.append(box);
    const names = lines.map(([name]) => name);
    const plot = new uPlot(options(lines, axis, least, () => this.#span()), [[], ...names.map(() => [])], area);
    const fit = () => plot.setSize({ width: Math.max(area.clientWidth, LEAST_WIDTH), height: area.clientHeight });
    new ResizeObserver(fit).observe(area);
    return { plot, names, values, unit };
  }

  #drawOne({ plot, names, values, unit }) {
    const columns = names.map((name) => this.#history.values[name]);
    plot.setData([this.#history.t, ...columns]);
    for (const [index, column] of columns.entries()) {
      setText(values[index], figure(column.at(-1) ?? null, 0, unit));
    }
  }

  #span() {
    const now = this.#history.t.at(-1) ?? 0;
    return [now - this.windowS, now];
  }
}

function options(lines, unit, least, span) {
  const axis = { stroke: INK, grid: GRID, ticks: GRID, font: FONT, labelFont: FONT, labelSize: 15 };
  return {
    width: LEAST_WIDTH,
    height: 100,
    cursor: { show: false },
    legend: { show: false },
    scales: {
      x: { time: false, range: () => span() },
      y: { range: (_, low, high) => [Math.min(least[0], (low ?? least[0]) - 4), Math.max(least[1], (high ?? least[1]) + 4)] },
    },
    axes: [
      { ...axis, label: TIME, size: 28, space: 70, incrs: [5, 10, 15, 30], values: (_, splits) => splits.map((t) => (t < 0 ? "" : clock(t))) },
      { ...axis, label: unit, size: 40, space: 26 },
    ],
    series: [{}, ...lines.map(([label, stroke], index) => (
      // The second line is dashed, for whoever cannot tell the colours.
      { label, stroke, width: 2, points: { show: false }, dash: index === 1 ? [7, 3] : undefined }
    ))],
  };
}
