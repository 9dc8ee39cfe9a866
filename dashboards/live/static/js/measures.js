// Figures of measures, whichever the gateway has, each with its unit and its quality.

import { clock, figure, percent, title } from "./names.js";
import { element, setShown } from "./page.js";
import { showRows } from "./tables.js";

// The wire is in SI units; people read degrees and per cent. Decimals are those of a small value.
const DEGREES = 180 / Math.PI;
const READ_AS = {
  rad: [DEGREES, "°", 0],
  "rad/s": [DEGREES, " °/s", 0],
  "rad/s²": [DEGREES, " °/s²", 0],
  "%": [100, " %", 1],
  "1/min": [1, " per minute", 0],
  "steps/min": [1, " steps/min", 0],
  count: [1, "", 0],
  1: [1, "", 2],
};

/** Show the newest figures of `figures`; the section is there once there is one. */
export function showFigures(figures) {
  setShown(element("measures-section"), figures.length > 0);
  showRows("measures", figures.map(({ name, side, t_s: t, value, unit, half_width: half, real_share: share, withheld, title: called, read_in: readIn }) => ({
    key: side === null ? name : `${name}-${side}`,
    state: withheld === "" ? side ?? "whole" : "withheld",
    cells: [
      [called || title(name), ...(side === null ? [] : [side])].join(", "),
      quantity(value, half, readIn || unit),
      withheld === "" ? percent(share) : `withheld: ${withheld}`,
      clock(t),
    ],
  })));
}

/** A value in words; the more digits before the point, the fewer after it. */
function quantity(value, half, unit) {
  const [factor, suffix, most] = READ_AS[unit] ?? [1, ` ${unit}`, 2];
  if (value === null) return figure(null);
  const shown = value * factor;
  const before = Math.max(1, Math.floor(Math.log10(Math.abs(shown))) + 1);
  const decimals = Math.max(0, most + 1 - before);
  if (half === null) return figure(shown, decimals, suffix);
  return `${figure(shown, decimals)} ± ${figure(half * factor, decimals, suffix)}`;
}
