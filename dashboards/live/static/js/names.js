// Words for what the wire calls by its short name.

const EXERCISES = {
  squat: {
    name: "Squat",
    how: "Bend your knees slowly as if to sit down, then stand up again.",
    seated: false,
  },
  "knee-extension": {
    name: "Knee extension",
    how: "Sit, straighten your knee slowly, then let it down again.",
    seated: true,
  },
  "sit-to-stand": {
    name: "Sit to stand",
    how: "Stand up from the seat without a swing, then sit down slowly.",
    seated: true,
  },
  "heel-raise": {
    name: "Heel raise",
    how: "Rise on your toes with straight knees, then let the heels down slowly.",
    seated: false,
  },
  "step-up": {
    name: "Step-up",
    how: "Set a foot on the step, rise on it, then come down again.",
    seated: false,
  },
  lunge: {
    name: "Lunge",
    how: "With one foot far in front, bend both knees, then rise again.",
    seated: false,
  },
  "heel-slide": {
    name: "Heel slide",
    how: "Lie on your back, draw one heel towards you, then slide it away.",
    seated: false,
  },
  "shoulder-elevation": {
    name: "Shoulder elevation",
    how: "Lift your arm slowly, then let it down again.",
    seated: false,
  },
  bridge: {
    name: "Bridge",
    how: "Lie on your back with bent knees, lift the pelvis, then lower it.",
    seated: false,
  },
};

/** "left_knee" → "left knee". */
export function placeName(place) {
  return place.replaceAll("_", " ");
}

/** "left_knee" → "Left knee". */
export function title(name) {
  const words = name.replaceAll("_", " ").replaceAll("-", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** Name, instruction and posture of an exercise; one that is not listed gets its own name only. */
export function exerciseOf(name) {
  return EXERCISES[name] ?? { name: title(name), how: "", seated: false };
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
