// Words for what the wire calls by its short name.

/** "left_knee" → "left knee". */
export function placeName(place) {
  return place.replaceAll("_", " ");
}

/** "left_knee" → "Left knee". */
export function title(name) {
  const words = name.replaceAll(/[_-]+/g, " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** Seconds since the session's start → "m:ss". */
export function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

/** A number with fixed decimals, real minus sign and unbroken unit; a dash where there is none. */
export function figure(value, decimals = 0, unit = "") {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  const rounded = Number(value.toFixed(decimals)) || 0; // no "-0"
  return rounded.toFixed(decimals).replace("-", "−") + unit.replace(" ", "\u00a0");
}

/** A share 0..1 as per cent. */
export function percent(share, decimals = 0) {
  return share === null ? "–" : figure(share * 100, decimals, " %");
}
