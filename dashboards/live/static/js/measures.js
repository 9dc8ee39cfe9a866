// Figures of measures, whichever the gateway has, each with its unit and its quality.

import { clock, figure, percent, title } from "./names.js";
import { element, setShown } from "./page.js";
import { showRows } from "./tables.js";

// The wire is in SI units; people read degrees.
const DEGREES = 180 / Math.PI;
const READ_AS = { rad: [DEGREES, "°", 1], "rad/s": [DEGREES, " °/s", 0], "rad/s²": [DEGREES, " °/s²", 0], 1: [1, "", 3] };

/** Show the newest figures of `figures`; the section is there once there is one. */
export function showFigures(figures) {
  setShown(element("measures-section"), figures.length > 0);
  showRows("measures", figures.map(({ name, side, t_s: t, value, unit, half_width: half, real_share: share, withheld }) => ({
    key: side === null ? name : `${name}-${side}`,
    state: withheld === "" ? side ?? "whole" : "withheld",
    cells: [
      side === null ? title(name) : `${title(name)}, ${side}`,
      quantity(value, half, unit),
      withheld === "" ? percent(share) : `withheld: ${withheld}`,
      clock(t),
    ],
  })));
}

function quantity(value, half, unit) {
  const [factor, suffix, decimals] = READ_AS[unit] ?? [1, ` ${unit}`, 3];
  if (value === null || half === null) return figure(value === null ? null : value * factor, decimals, suffix);
  return `${figure(value * factor, decimals)} ± ${figure(half * factor, decimals, suffix)}`;
}
