// What the state of a sensor means: a word of the gateway's, see docs/mqtt.md.

import { placeName } from "./names.js";

const SIGNS = { good: "●", poor: "▲", wrong: "▲" };

/** Say whether nothing comes of a sensor, whatever the reason. */
export function isSilent({ state }) {
  return !(state in SIGNS);
}

/** Return what a sensor is called: by its place on the body, or who it is where it needs none. */
export function nameOf({ place, sensor }) {
  return place === null ? sensor : placeName(place);
}

/** Return the state with a sign, and why it is so. */
export function stateOf({ state, why }) {
  return `${SIGNS[state] ?? "■"} ${state}${why === "" ? "" : `: ${why}`}`;
}
