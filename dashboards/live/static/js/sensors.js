// What the state of a sensor means: a word of the gateway's, see docs/mqtt.md.

const SIGNS = { good: "●", poor: "▲", wrong: "▲" };

/** Say whether nothing comes of a sensor, whatever the reason. */
export function isSilent({ state }) {
  return !(state in SIGNS);
}

/** Return the state with a sign, and why it is so. */
export function stateOf({ state, why }) {
  return `${SIGNS[state] ?? "■"} ${state}${why === "" ? "" : `: ${why}`}`;
}
