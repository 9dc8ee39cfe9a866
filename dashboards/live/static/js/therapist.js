// The therapist's page: charts, gait, measures, angles beside the model's, events, sensors.

import { Charts } from "./charts.js";
import { EventList } from "./events.js";
import { History } from "./history.js";
import { estimateOf, JOINTS, trustOf } from "./joints.js";
import { showFigures } from "./measures.js";
import { clock, figure, percent, title } from "./names.js";
import { element, runPage, setShown, setText } from "./page.js";
import { stateOf } from "./sensors.js";
import { showCards, showRows } from "./tables.js";

const LOW_BATTERY = 0.2;
const LITTLE_LEFT_H = 0.5;
const TABLES_MS = 200; // text that changes faster cannot be read

const history = new History();
const charts = new Charts(element("charts"), history);
const events = new EventList(element("events"));
let tablesAt = -Infinity;

runPage((frame, { restarted, message }) => {
  if (restarted) history.clear();
  if (history.add(frame)) charts.draw();
  events.add(frame.events, restarted);
  if (performance.now() - tablesAt < TABLES_MS && !restarted) return;
  tablesAt = performance.now();
  showSession(frame, message);
  showGait(frame.gait);
  showFigures(frame.figures);
  showAngles(frame);
  showBodyAngles(frame.body_angles);
  showEstimates(frame.estimates);
  showSensors(frame.sensors);
});

for (const button of document.querySelectorAll("[data-window]")) {
  button.addEventListener("click", () => {
    charts.windowS = Number(button.dataset.window);
    for (const other of document.querySelectorAll("[data-window]")) {
      other.setAttribute("aria-pressed", String(other === button));
    }
    charts.draw();
  });
}

element("contacts").addEventListener("change", ({ target }) => {
  element("events").classList.toggle("without-contacts", !target.checked);
});

function showSession(frame, message) {
  const behindMs = message.stamp_ms - frame.ready_ns / 1e6;
  setText(element("person"), frame.person);
  setText(element("time"), clock(frame.t_s));
  setText(element("calibrated"), calibration(frame));
  // Recordings carry the clock of another day: then there is no delay to speak of.
  setText(element("delay"), behindMs >= 0 && behindMs < 60_000 ? figure(behindMs, 0, " ms") : "–");
  const exercise = frame.exercise;
  setText(element("exercise"), exercise === null ? "none" : `${title(exercise.name)}, ${exercise.count}`);
}

function calibration({ calibrated, guide }) {
  if (guide === null) return calibrated ? "✓ measured" : "stand still";
  return guide.done ? "✓ done" : `step ${guide.number} of ${guide.steps}`;
}

function showGait(gait) {
  const note = gait.withheld;
  const stance = (side) => percent(gait.stance_share[side] ?? null);
  setText(element("gait-quality"), note === "" ? `${percent(gait.real_share)} real samples` : "");
  showCards("gait", [
    card("cadence", "Cadence", figure(gait.cadence_spm), "steps/min", note),
    card("stride-time", "Stride time", figure(gait.stride_time_s, 2), "s", note),
    card("stance-left", "Stance left", stance("left"), "of stride", note),
    card("stance-right", "Stance right", stance("right"), "of stride", note),
    card("strides", "Strides", String(gait.strides), "this session", ""),
  ]);
}

/** A figure that is not given shows the reason in its place. */
function card(key, heading, value, unit, withheld) {
  return { key, title: heading, value, note: value === "–" ? withheld || "not yet" : unit };
}

function showAngles(frame) {
  showRows("angles", JOINTS.map((joint) => {
    const angle = frame.angles_deg[joint];
    const model = estimateOf(joint, frame.estimates);
    return {
      key: joint,
      state: angle === null ? "withheld" : joint.split("_")[0],
      cells: [
        title(joint),
        figure(angle, 1, "°"),
        model === null ? "–" : `${figure(model.value, 1)} ± ${figure(model.sd, 1)}°${then(model.measured)}`,
        trustOf(joint, frame),
      ],
    };
  }));
}

/** Angles beside flexion, a movement a row: adduction, rotation, tilt, shoulders and elbows. */
function showBodyAngles(angles) {
  const movements = new Map();
  for (const [name, angle] of Object.entries(angles)) {
    const [, side, movement] = /^(left|right)?_?(.*)$/.exec(name);
    const shown = angle.value_deg === null ? "not known" : `${figure(angle.value_deg, 1)} ± ${figure(angle.sd_deg, 1)}°`;
    movements.set(movement, { ...movements.get(movement), [side ?? "trunk"]: shown });
  }
  setShown(element("body-angles-table"), movements.size > 0);
  showRows("body-angles", [...movements].map(([movement, { left = "", right = "", trunk = "" }]) => ({
    key: movement,
    state: "whole",
    cells: [title(movement), left, right, trunk],
  })));
}

/** What was measured at the moment that an estimate speaks of. */
function then(measured) {
  return measured === null ? "" : ` (measured then: ${figure(measured, 1)}°)`;
}

/** What the model estimates besides joint angles: a figure with its spread, or a probability. */
function showEstimates(estimates) {
  const others = Object.entries(estimates).filter(([name]) => !JOINTS.some((joint) => name.startsWith(joint)));
  setShown(element("estimates"), others.length > 0);
  const words = others.map(([name, { value, sd, unit }]) => (
    `${title(name)} ${unit === "1" ? percent(value) : `${figure(value, 2)} ± ${figure(sd, 2)} ${unit}`}`
  ));
  setText(element("estimates"), `Model: ${words.join(" · ")}`);
}

function showSensors(sensors) {
  showRows("sensors", sensors.map((sensor) => ({
    key: sensor.place ?? sensor.sensor,
    state: sensor.state,
    cells: [
      sensor.place === null ? "–" : title(sensor.place),
      sensor.sensor,
      stateOf(sensor),
      figure(sensor.rate_hz, 1, " Hz"),
      percent(sensor.loss, 1),
      batteryOf(sensor),
      figure(sensor.clock_error_ms, 2, " ms"),
    ],
  })));
}

function batteryOf({ battery, battery_left_h: left }) {
  const low = battery !== null && (battery < LOW_BATTERY || (left !== null && left < LITTLE_LEFT_H));
  const lasts = left === null ? "" : `, ${figure(left, 1)} h left`;
  return `${low ? "▲ low, " : ""}${percent(battery)}${lasts}`;
}
