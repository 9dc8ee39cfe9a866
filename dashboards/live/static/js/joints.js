// Joints as the wire names them, the sensors each rests on, and how far they can be trusted.

import { percent, placeName } from "./names.js";
import { isSilent } from "./sensors.js";

export const JOINTS = ["left_hip", "right_hip", "left_knee", "right_knee", "left_ankle", "right_ankle"];

const SEGMENTS = { hip: ["pelvis", "thigh"], knee: ["thigh", "shank"], ankle: ["shank", "foot"] };

/** Places of the two sensors that a joint's angle rests on. */
export function placesOf(joint) {
  const [side, name] = joint.split("_");
  return SEGMENTS[name].map((segment) => (segment === "pelvis" ? segment : `${side}_${segment}`));
}

/**
 * What the angle of a joint rests on, in words: the share of real samples, or why there is none.
 */
export function trustOf(joint, frame) {
  const places = placesOf(joint);
  const sensors = places.map((place) => frame.sensors.find((sensor) => sensor.place === place));
  const absent = places.filter((_, index) => sensors[index] === undefined);
  if (frame.angles_deg[joint] === null && frame.sensors.length > 0) {
    if (absent.length > 0) return `no sensor: ${absent.map(placeName).join(", ")}`;
    const names = (found) => found.map((sensor) => placeName(sensor.place)).join(", ");
    const silent = sensors.filter(isSilent);
    if (silent.length > 0) return `silent: ${names(silent)}`;
    const wrong = sensors.filter((sensor) => sensor.state === "wrong");
    return wrong.length > 0 ? `not to be trusted: ${names(wrong)}` : "withheld: too few real samples";
  }
  if (absent.length > 0) return "–";
  return percent(1 - Math.max(...sensors.map((sensor) => sensor.loss)));
}

/** The model's estimate of a joint's angle in degrees, {value, sd, measured}, or null. */
export function estimateOf(joint, estimates) {
  const name = Object.keys(estimates).find((key) => key.startsWith(joint));
  if (name === undefined) return null;
  const { value, sd, unit, measured } = estimates[name];
  const factor = unit === "rad" ? 180 / Math.PI : 1;
  // An estimate comes later than the angle now, so it is held against the angle of its own moment.
  return { value: value * factor, sd: sd * factor, measured: measured === null ? null : measured * factor };
}
