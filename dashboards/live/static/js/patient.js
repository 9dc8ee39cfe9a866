// The patient's page: figure, exercise, counter, target, cue, sound.

import { Cues, shownCue } from "./cues.js";
import { movingFigure } from "./figure.js";
import { guideText } from "./guide.js";
import { figure, title } from "./names.js";
import { element, runPage, setText } from "./page.js";
import { Sound } from "./sound.js";
import { Target } from "./target.js";

const body = movingFigure(element("figure"));
const target = new Target();
const cues = new Cues();
const sound = new Sound();
let counted = null;
let guided = "";

runPage((frame, { stale, restarted }) => {
  const exercise = frame.exercise;
  body.show(frame.segments, exercise !== null && exercise.seated);
  target.show(frame.guide === null ? exercise : null);
  if (frame.guide !== null) {
    showGuide(guideText(frame.guide));
    return;
  }
  if (exercise !== null) showExercise(exercise);
  else showWalking(frame.gait);
  showCue(shownCue(frame));
  announce(frame, cues.take(frame, { stale, restarted }));
});

element("sound").addEventListener("click", async () => {
  const on = await sound.toggle();
  element("sound").setAttribute("aria-pressed", String(on));
  setText(element("sound-text"), on ? "Sound on" : "Tap for sound");
  document.body.dataset.sound = sound.state;
  if (on) sound.play("repetition");
});

function showExercise({ name, how, side, count }) {
  show(side === null ? title(name) : `${title(name)}, ${side}`, how);
  showCount(String(count), count === 1 ? "repetition" : "repetitions");
}

function showWalking(gait) {
  const walking = gait.cadence_spm !== null;
  show(walking ? "Walking" : "Ready when you are", walking ? "Walk as you usually do." : "");
  showCount(walking ? figure(gait.cadence_spm) : "–", walking ? "steps a minute" : "");
}

/** What is to be done is read out once, as is each hint. */
function showGuide({ heading, how, count, unit, hint }) {
  show(heading, how);
  showCount(count, unit);
  showCue(hint === "" ? null : { kind: "guide", text: hint });
  const said = hint === "" ? how : hint;
  if (said !== guided) setText(element("announce"), said);
  guided = said;
}

function show(name, how) {
  setText(element("exercise"), name);
  setText(element("how"), how);
}

function showCount(count, unit) {
  const digits = element("count");
  digits.dataset.length = String(count.length);
  setText(digits, count);
  setText(element("unit"), unit);
}

function showCue(cue) {
  const line = element("cue");
  line.dataset.kind = cue === null ? "" : cue.kind;
  setText(line, cue === null ? "" : cue.text);
}

/** Repetitions and cues are read out and sounded once; nothing is read out every tick. */
function announce(frame, cue) {
  const count = frame.exercise === null ? null : `${frame.exercise.name} ${frame.exercise.count}`;
  const rose = count !== counted && frame.exercise !== null && frame.exercise.count > 0;
  if (cue !== null) {
    sound.play(cue.kind);
    document.body.dataset.cuesPlayed = String(Number(document.body.dataset.cuesPlayed ?? 0) + 1);
    document.body.dataset.tones = String(sound.played);
  }
  if (cue !== null) setText(element("announce"), cue.text);
  else if (rose && counted !== null) setText(element("announce"), `Repetition ${frame.exercise.count}`);
  counted = count;
}
