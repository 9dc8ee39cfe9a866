// What the charts show: the last minute, kept on the page, since the wire carries only the newest.

import { JOINTS } from "./joints.js";

const KEPT_S = 60;
const GAP_S = 0.6; // a longer pause breaks the line instead of drawing across it
const SPARE = 300; // samples past their time before the arrays are cut: cutting each time costs

export const SERIES = [...JOINTS, "cadence"];

/** Columns of equal length: `t` in seconds of the session, and one per series, null for a gap. */
export class History {
  t = [];
  values = Object.fromEntries(SERIES.map((name) => [name, []]));

  /** Add a frame; an earlier time than the last begins anew. Returns whether anything changed. */
  add(frame) {
    const last = this.t.at(-1) ?? -Infinity;
    if (frame.t_s === last) return false;
    if (frame.t_s < last) this.clear();
    else if (Number.isFinite(last) && frame.t_s - last > GAP_S) this.#append(last + GAP_S / 2, () => null);
    this.#append(frame.t_s, (name) => (name === "cadence" ? frame.gait.cadence_spm : frame.angles_deg[name]) ?? null);
    this.#forget(frame.t_s - KEPT_S);
    return true;
  }

  /** Forget everything. */
  clear() {
    this.t.length = 0;
    for (const column of Object.values(this.values)) column.length = 0;
  }

  #append(t, valueOf) {
    this.t.push(t);
    for (const [name, column] of Object.entries(this.values)) column.push(valueOf(name));
  }

  #forget(before) {
    if (this.t.length < SPARE || this.t[SPARE - 1] >= before) return;
    this.t.splice(0, SPARE);
    for (const column of Object.values(this.values)) column.splice(0, SPARE);
  }
}
