// The body as joints and segments: pure geometry, drawn by figure3d.js and by stick.js.
//
// Figure frame: x forward, y up, z to the person's right, metres; the axes of a segment of a
// person who stands upright. Quaternions [w, x, y, z] turn segment axes into it.

const HALF = Math.SQRT1_2;
const EARTH_TO_FIGURE = [HALF, -HALF, 0, 0]; // earth: x forward, z up
const UPRIGHT = [1, 0, 0, 0];

export const SIDES = ["left", "right"];
export const SIZE = {
  hipHalf: 0.1,
  hipDrop: 0.06,
  thigh: 0.42,
  shank: 0.41,
  ankle: 0.08,
  heel: 0.06,
  toe: 0.17,
  trunk: 0.5,
  shoulderHalf: 0.21,
  neck: 0.07,
  head: 0.11,
  upperArm: 0.28,
  forearm: 0.25,
};
const SEAT = SIZE.shank + SIZE.ankle;

// Parents come first, so that one pass is enough.
const PARENT = {
  pelvis: null,
  sternum: "pelvis",
  left_thigh: "pelvis",
  right_thigh: "pelvis",
  left_shank: "left_thigh",
  right_shank: "right_thigh",
  left_foot: "left_shank",
  right_foot: "right_shank",
};

/** Product of two quaternions: first right, then left. */
export function multiply([w, x, y, z], [a, b, c, d]) {
  return [
    w * a - x * b - y * c - z * d,
    w * b + x * a + y * d - z * c,
    w * c - x * d + y * a + z * b,
    w * d + x * c - y * b + z * a,
  ];
}

/** Turn a vector by a quaternion. */
export function rotate([w, x, y, z], [a, b, c]) {
  const tx = 2 * (y * c - z * b);
  const ty = 2 * (z * a - x * c);
  const tz = 2 * (x * b - y * a);
  return [a + w * tx + y * tz - z * ty, b + w * ty + z * tx - x * tz, c + w * tz + x * ty - y * tx];
}

/** Sum of vectors. */
export function add(...vectors) {
  return [0, 1, 2].map((axis) => vectors.reduce((sum, vector) => sum + vector[axis], 0));
}

/**
 * Orientation of every segment: {place: {q, known}}. One without a sensor follows its parent.
 *
 * segments: {place: [w, x, y, z]}, segment → earth, as on the wire.
 */
export function orientations(segments) {
  const body = {};
  for (const [place, parent] of Object.entries(PARENT)) {
    const known = place in segments;
    const neutral = parent === null ? UPRIGHT : body[parent].q;
    body[place] = { known, q: known ? multiply(EARTH_TO_FIGURE, segments[place]) : neutral };
  }
  return body;
}

/** Where the joints are, the lowest foot on the floor; a seated person keeps to the seat. */
export function positions(body, seated) {
  const free = { pelvis: [0, 0, 0], ...trunkPositions(body) };
  for (const side of SIDES) Object.assign(free, legPositions(body, side));
  const lowest = Math.min(...SIDES.flatMap((side) => [free[`${side}_heel`][1], free[`${side}_toe`][1]]));
  const middle = (free.left_ankle[0] + free.right_ankle[0]) / 2;
  const shift = seated ? [0, SEAT + SIZE.hipDrop, 0] : [-middle, -lowest, 0];
  return Object.fromEntries(Object.entries(free).map(([name, at]) => [name, add(at, shift)]));
}

function trunkPositions(body) {
  const neck = rotate(body.sternum.q, [0, SIZE.trunk, 0]);
  const found = { neck, head: add(neck, rotate(body.sternum.q, [0.015, SIZE.neck + SIZE.head, 0])) };
  for (const [side, sign] of [["left", -1], ["right", 1]]) {
    const shoulder = add(neck, rotate(body.sternum.q, [0, -0.05, sign * SIZE.shoulderHalf]));
    // Arms hang: nothing is measured there.
    const elbow = add(shoulder, [-0.01, -SIZE.upperArm, sign * 0.05]);
    found[`${side}_shoulder`] = shoulder;
    found[`${side}_elbow`] = elbow;
    found[`${side}_hand`] = add(elbow, [0.08, -SIZE.forearm, sign * 0.01]);
  }
  return found;
}

function legPositions(body, side) {
  const outwards = side === "left" ? -1 : 1;
  const hip = rotate(body.pelvis.q, [0, -SIZE.hipDrop, outwards * SIZE.hipHalf]);
  const knee = add(hip, rotate(body[`${side}_thigh`].q, [0, -SIZE.thigh, 0]));
  const ankle = add(knee, rotate(body[`${side}_shank`].q, [0, -SIZE.shank, 0]));
  const foot = body[`${side}_foot`].q;
  return {
    [`${side}_hip`]: hip,
    [`${side}_knee`]: knee,
    [`${side}_ankle`]: ankle,
    [`${side}_heel`]: add(ankle, rotate(foot, [-SIZE.heel, -SIZE.ankle, 0])),
    [`${side}_toe`]: add(ankle, rotate(foot, [SIZE.toe, -SIZE.ankle, 0])),
  };
}
