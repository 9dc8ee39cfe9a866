// The moving figure: solid where the browser can, else a stick figure; the page counts either way.

import { orientations, positions } from "./body.js";
import { stickFigure } from "./stick.js";

/** Return {show(segments, seated)}, which draws at most once a screen refresh. */
export function movingFigure(holder) {
  let drawing = null;
  let next = null;

  loadDrawing(holder).then((loaded) => {
    drawing = loaded;
    holder.dataset.drawn = drawing.kind;
    schedule();
  });

  function schedule() {
    if (drawing !== null && next !== null) requestAnimationFrame(draw);
  }

  function draw() {
    if (next === null) return;
    const { segments, seated } = next;
    next = null;
    const body = orientations(segments);
    const at = positions(body, seated);
    drawing.draw(body, at, seated);
    // What was drawn, for whoever cannot look: the ankles' x and y in centimetres.
    holder.dataset.ankles = ["left_ankle", "right_ankle"]
      .flatMap((name) => at[name].slice(0, 2).map((metres) => Math.round(metres * 100)))
      .join(" ");
  }

  return {
    show(segments, seated) {
      const waiting = next !== null;
      next = { segments, seated };
      if (!waiting) schedule();
    },
  };
}

async function loadDrawing(holder) {
  try {
    // Loaded aside: the page must count before, and without, the library of the solid figure.
    const { solidFigure } = await import("./figure3d.js");
    return solidFigure(holder);
  } catch (reason) {
    console.info(`The figure is drawn as lines: ${reason.message}.`);
    return stickFigure(holder);
  }
}
