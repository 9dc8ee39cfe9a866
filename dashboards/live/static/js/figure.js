// The moving figure: solid where the browser can, else a stick figure; the page counts either way.

import { orientations, positions } from "./body.js";
import { stickFigure } from "./stick.js";

/** Return {show(segments, seated)}, which draws at most once a screen refresh. */
export function movingFigure(holder) {
  let loading = null;
  let drawing = null;
  let shown = null;
  let due = false;

  async function load() {
    drawing = await loadDrawing(holder);
    holder.dataset.drawn = drawing.kind;
    // A new size empties the picture, and there may be no next frame to fill it.
    new ResizeObserver(() => {
      drawing.fit();
      draw();
    }).observe(holder);
  }

  function draw() {
    due = false;
    if (drawing === null) return;
    const body = orientations(shown.segments);
    const at = positions(body, shown.seated);
    drawing.draw(body, at, shown.seated);
    // What was drawn, for whoever cannot look: the ankles' x and y in centimetres.
    holder.dataset.ankles = ["left_ankle", "right_ankle"]
      .flatMap((name) => at[name].slice(0, 2).map((metres) => Math.round(metres * 100)))
      .join(" ");
  }

  return {
    show(segments, seated) {
      shown = { segments, seated };
      // Not before the first frame: its figures come first, the large library after.
      loading ??= load();
      if (due) return;
      due = true;
      requestAnimationFrame(draw);
    },
  };
}

async function loadDrawing(holder) {
  try {
    const { solidFigure } = await import("./figure3d.js");
    return solidFigure(holder);
  } catch (reason) {
    console.info(`The figure is drawn as lines: ${reason.message}.`);
    return stickFigure(holder);
  }
}
