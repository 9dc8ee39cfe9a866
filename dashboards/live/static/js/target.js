// The bar that shows the leading angle and the zone to reach.

import { figure } from "./names.js";
import { element, setShown, setText } from "./page.js";

const AT_REST = 0.3; // progress below which the angle is at its resting end
const MARGIN = 0.12; // of the zone's distance, beyond the zone

/**
 * Shows the target of an exercise. Effort always leads to the right: an exercise whose angle falls
 * with effort (straightening a knee) has its bar turned round.
 */
export class Target {
  #exercise = "";
  #rest = null;

  show(exercise) {
    setShown(element("target"), exercise !== null);
    if (exercise === null) return;
    const { name, value_deg: value, target_low_deg: low, target_high_deg: high } = exercise;
    if (name !== this.#exercise) {
      this.#exercise = name;
      this.#rest = null;
    }
    this.#learnRest(value, low, high, exercise.progress);
    this.#draw(value, low, high);
  }

  /** The bar starts at the angle furthest from the zone that was seen at rest. */
  #learnRest(value, low, high, progress) {
    this.#rest ??= low > 0 ? 0 : high + 70;
    if (value === null || !(progress < AT_REST)) return;
    const far = (angle) => Math.max(low - angle, angle - high);
    if (far(value) > far(this.#rest)) this.#rest = value;
  }

  #draw(value, low, high) {
    const falls = this.#rest > high;
    const [near, end] = falls ? [high, low] : [low, high];
    const limit = end + (end - this.#rest) * MARGIN;
    const share = (angle) => Math.min(1, Math.max(0, (angle - this.#rest) / (limit - this.#rest)));
    const inside = value !== null && value >= low && value <= high;

    const zone = element("zone");
    zone.style.left = `${share(near) * 100}%`;
    zone.style.width = `${(share(end) - share(near)) * 100}%`;
    const at = value === null ? 0 : share(value);
    element("fill").style.transform = `scaleX(${at})`;
    element("needle").style.left = `${at * 100}%`;
    element("target").dataset.inside = String(inside);
    setText(element("target-text"), `Reach ${figure(low)}° to ${figure(high)}°`);
    setText(element("target-now"), value === null ? "–" : `now ${figure(value)}°`);
    setText(element("zone-text"), inside ? "✓ in target" : "target");
  }
}
