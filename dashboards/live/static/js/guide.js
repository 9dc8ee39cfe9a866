// The guided calibration in words: which step, what to do, what is not good enough yet.

import { percent } from "./names.js";

/** Return the heading, the sentence, the counter with its unit, and the hint of a guide's state. */
export function guideText({ number, steps, instruction, hint, progress, done }) {
  return {
    heading: done ? "Calibrated" : `Step ${number} of ${steps}`,
    how: `${instruction}.`,
    count: done ? "✓" : percent(progress),
    unit: done ? "" : "of this step",
    hint,
  };
}
