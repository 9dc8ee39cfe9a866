// The figure where the browser has no WebGL: the same body from the side, as lines.

const HEIGHT_M = 1.95;
const CHAINS = [
  // The far side first, so that the near one lies over it.
  ["left", ["left_shoulder", "left_elbow", "left_hand"], 0.6],
  ["left", ["left_hip", "left_knee", "left_ankle"], 1],
  ["left", ["left_heel", "left_toe"], 0.7],
  ["body", ["pelvis", "neck"], 1.3],
  ["right", ["right_hip", "right_knee", "right_ankle"], 1],
  ["right", ["right_heel", "right_toe"], 0.7],
  ["right", ["right_shoulder", "right_elbow", "right_hand"], 0.6],
];
const COLOURS = { left: "#1f77b4", right: "#c8551b", body: "#4f6b78" };

/** Return a drawing of the body in `holder`: {kind, fit(), draw(body, at)}. */
export function stickFigure(holder) {
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d");
  holder.append(canvas);

  return {
    kind: "2d",
    fit() {
      canvas.width = holder.clientWidth * window.devicePixelRatio;
      canvas.height = holder.clientHeight * window.devicePixelRatio;
    },
    draw(body, at) {
      context.clearRect(0, 0, canvas.width, canvas.height);
      const metre = canvas.height / HEIGHT_M;
      const point = ([x, y]) => [canvas.width / 2 + x * metre, canvas.height - (y + 0.06) * metre];
      line(context, [[0, canvas.height - 0.05 * metre], [canvas.width, canvas.height - 0.05 * metre]], "#c6d2d3", 0.012 * metre);
      for (const [side, names, weight] of CHAINS) {
        line(context, names.map((name) => point(at[name])), COLOURS[side], 0.05 * weight * metre);
      }
      circle(context, point(at.head), 0.11 * metre, COLOURS.body);
    },
  };
}

function line(context, points, colour, width) {
  context.beginPath();
  for (const [x, y] of points) context.lineTo(x, y);
  Object.assign(context, { strokeStyle: colour, lineWidth: width, lineCap: "round", lineJoin: "round" });
  context.stroke();
}

function circle(context, [x, y], radius, colour) {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fillStyle = colour;
  context.fill();
}
