// What stands in the way, in words for the person who trains: what happened and what to do.

import { isSilent, nameOf } from "./sensors.js";

const SILENT_MS = 1500;

/**
 * Return the one notice that matters most, or null when all is well.
 *
 * silentMs: how long nothing new has come.
 */
export function noticeFor({ link, frame, silentMs }) {
  if (link === "lost") {
    return notice("lost", "warn", "Connection lost.",
      "You can rest. This page connects again by itself; if it does not, ask for help at the computer.");
  }
  if (link === "connecting") {
    return notice("connecting", "wait", "Connecting…", "This takes a moment.");
  }
  if (frame === null) {
    return notice("waiting", "wait", "Waiting for the sensors.",
      "Switch every sensor on and stay near the computer.");
  }
  if (silentMs > SILENT_MS) {
    return notice("silent", "warn", "The sensors are silent.",
      "Stay near the computer and check that the sensors are switched on. Counting goes on by itself.");
  }
  const silent = frame.sensors.filter(isSilent);
  if (silent.length > 0) {
    const names = silent.map(nameOf).join(", ");
    const [title, it] = silent.length === 1 ? ["One sensor is silent:", "it is"] : ["Some sensors are silent:", "they are"];
    return notice("sensor", "warn", title, `${names}. Check that ${it} switched on and charged. You can carry on.`);
  }
  const wrong = frame.sensors.filter((sensor) => sensor.state === "wrong");
  if (wrong.length > 0) {
    return notice("sensor", "warn", "A sensor cannot be trusted:",
      `${wrong.map(nameOf).join(", ")}. Switch it off and on again. You can carry on.`);
  }
  if (frame.guide === null && !frame.calibrated) {
    return notice("calibrate", "wait", "Please stand still.",
      "Stand upright, feet side by side, for a few seconds: the sensors learn how they are worn.");
  }
  return null;
}

function notice(state, level, title, text) {
  return { state, level, title, text };
}
