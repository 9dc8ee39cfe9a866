// Figures of measures, whichever the gateway has, each with its unit and its quality.

import { clock, figure, percent } from "./names.js";
import { element, setShown } from "./page.js";
import { showRows } from "./tables.js";

/** Show the newest figures of `figures`; the section is there once there is one. */
export function showFigures(figures) {
  setShown(element("measures-section"), figures.length > 0);
  showRows("measures", figures.map((each) => ({
    key: each.side === null ? each.name : `${each.name}-${each.side}`,
    state: each.withheld === "" ? each.side ?? "whole" : "withheld",
    cells: [
      each.side === null ? each.title : `${each.title}, ${each.side}`,
      quantity(each),
      each.withheld === "" ? percent(each.real_share) : `withheld: ${each.withheld}`,
      clock(each.t_s),
    ],
  })));
}

/** A value in words; the more digits before the point, the fewer after it. */
function quantity({ value, half_width: half, read_in: unit, factor, decimals: most }) {
  if (value === null) return figure(null);
  const suffix = unit === "" || unit === "°" ? unit : ` ${unit}`;
  const shown = value * factor;
  const before = Math.max(1, Math.floor(Math.log10(Math.abs(shown))) + 1);
  const decimals = Math.max(0, most + 1 - before);
  if (half === null) return figure(shown, decimals, suffix);
  return `${figure(shown, decimals)} ± ${figure(half * factor, decimals, suffix)}`;
}
