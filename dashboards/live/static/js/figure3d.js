// The figure in three dimensions (three.js).

import * as THREE from "../vendor/three.module.min.js";
import { SIDES, SIZE } from "./body.js";

const COLOURS = { left: 0x2f86c6, right: 0xdd6b2c, body: 0x8fa6b0, skin: 0xd9c3b0 };
const FAINT = 0.3; // opacity of what no sensor measures
const DOWN = new THREE.Vector3(0, -1, 0);
const EYE = new THREE.Vector3(2.35, 1.35, 2.75);
const GAZE = new THREE.Vector3(0, 0.82, 0);
const SIGHT = { height: 2.2, width: 1.5 }; // metres that must fit into the picture

/** Return the figure in `holder`: {kind, fit(), draw(body, at, seated)}. Throws where there is no WebGL. */
export function solidFigure(holder) {
  // Asked for here first, because three.js writes an error to the console itself.
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("webgl2", { antialias: true, alpha: true });
  if (context === null) throw new Error("no WebGL");
  const renderer = new THREE.WebGLRenderer({ canvas, context });
  renderer.setPixelRatio(Math.min(window.devicePixelRatio, 2));
  holder.append(canvas);

  const camera = new THREE.PerspectiveCamera(30, 1, 0.1, 20);
  const scene = new THREE.Scene();
  const parts = buildParts();
  const ground = buildGround();
  scene.add(...buildLights(), ground.group, ...Object.values(parts));

  return {
    kind: "3d",
    fit: () => fitPicture(renderer, camera, holder),
    draw(body, at, seated) {
      placeParts(parts, body, at);
      ground.shadow.position.set(at.pelvis[0], 0.004, 0);
      ground.seat.visible = seated;
      renderer.render(scene, camera);
    },
  };
}

function fitPicture(renderer, camera, holder) {
  const { clientWidth: width, clientHeight: height } = holder;
  if (width === 0 || height === 0) return;
  renderer.setSize(width, height, false);
  camera.aspect = width / height;
  const visible = Math.max(SIGHT.height, SIGHT.width / camera.aspect);
  const distance = visible / 2 / Math.tan(THREE.MathUtils.degToRad(camera.fov / 2));
  camera.position.copy(EYE).sub(GAZE).setLength(distance).add(GAZE);
  camera.lookAt(GAZE);
  camera.updateProjectionMatrix();
}

function buildLights() {
  const sky = new THREE.HemisphereLight(0xffffff, 0xb9c7c9, 2.1);
  const sun = new THREE.DirectionalLight(0xffffff, 1.7);
  sun.position.set(2, 4, 3);
  return [sky, sun];
}

/** All movable parts by name; limbs hang from their upper end along −y. */
function buildParts() {
  const parts = {
    pelvis: new THREE.Mesh(new THREE.SphereGeometry(1, 28, 18), material(COLOURS.body)),
    sternum: new THREE.Mesh(trunkShape(), material(COLOURS.body)),
    head: new THREE.Mesh(new THREE.SphereGeometry(SIZE.head, 28, 20), material(COLOURS.skin)),
  };
  parts.pelvis.scale.set(0.1, 0.095, 0.155);
  parts.sternum.scale.set(0.66, 1, 1);
  parts.head.scale.set(0.94, 1.07, 0.84);
  parts.head.add(nose());
  for (const side of SIDES) {
    const own = () => material(COLOURS[side]);
    parts[`${side}_thigh`] = new THREE.Mesh(limbShape(SIZE.thigh, 0.082, 0.056), own());
    parts[`${side}_shank`] = new THREE.Mesh(limbShape(SIZE.shank, 0.055, 0.036), own());
    parts[`${side}_foot`] = new THREE.Mesh(footShape(), own());
    parts[`${side}_upper_arm`] = new THREE.Mesh(limbShape(SIZE.upperArm, 0.046, 0.036), material(COLOURS.body));
    parts[`${side}_forearm`] = new THREE.Mesh(limbShape(SIZE.forearm, 0.036, 0.028), material(COLOURS.skin));
  }
  return parts;
}

function placeParts(parts, body, at) {
  for (const name of ["pelvis", "sternum"]) place(parts[name], at.pelvis, body[name]);
  place(parts.head, at.head, body.sternum);
  for (const side of SIDES) {
    place(parts[`${side}_thigh`], at[`${side}_hip`], body[`${side}_thigh`]);
    place(parts[`${side}_shank`], at[`${side}_knee`], body[`${side}_shank`]);
    place(parts[`${side}_foot`], at[`${side}_ankle`], body[`${side}_foot`]);
    hang(parts[`${side}_upper_arm`], at[`${side}_shoulder`], at[`${side}_elbow`]);
    hang(parts[`${side}_forearm`], at[`${side}_elbow`], at[`${side}_hand`]);
  }
}

function place(mesh, at, { q: [w, x, y, z], known }) {
  mesh.position.set(...at);
  mesh.quaternion.set(x, y, z, w);
  mesh.material.opacity = known ? 1 : FAINT;
}

function hang(mesh, from, to) {
  mesh.position.set(...from);
  const along = new THREE.Vector3(...to).sub(mesh.position).normalize();
  mesh.quaternion.setFromUnitVectors(DOWN, along);
  mesh.material.opacity = FAINT;
}

function material(color) {
  return new THREE.MeshStandardMaterial({ color, roughness: 0.62, transparent: true });
}

/** A tapered limb with round ends, from the origin down to −length. */
function limbShape(length, upper, lower) {
  const outline = [];
  for (let step = 0; step <= 8; step += 1) {
    const angle = -Math.PI / 2 + (step / 8) * (Math.PI / 2);
    outline.push(new THREE.Vector2(lower * Math.cos(angle), -length + lower * Math.sin(angle)));
  }
  // A little belly below the upper end, as muscles have.
  outline.push(new THREE.Vector2((upper + lower) / 2 + 0.006, -length * 0.45));
  for (let step = 0; step <= 8; step += 1) {
    const angle = (step / 8) * (Math.PI / 2);
    outline.push(new THREE.Vector2(upper * Math.cos(angle), upper * Math.sin(angle)));
  }
  return new THREE.LatheGeometry(outline, 26);
}

function trunkShape() {
  const outline = [
    [0, -0.02], [0.13, 0.0], [0.136, 0.08], [0.134, 0.16], [0.155, 0.27], [0.178, 0.37],
    [0.184, 0.42], [0.16, 0.465], [0.095, 0.49], [0.05, 0.505], [0.046, SIZE.trunk + SIZE.neck], [0, SIZE.trunk + SIZE.neck],
  ];
  const curve = new THREE.SplineCurve(outline.map(([x, y]) => new THREE.Vector2(x, y)));
  const points = curve.getPoints(48).map((point) => new THREE.Vector2(Math.max(0, point.x), point.y));
  return new THREE.LatheGeometry(points, 32);
}

function footShape() {
  const length = SIZE.heel + SIZE.toe;
  const shape = new THREE.CapsuleGeometry(0.044, length - 0.088, 8, 20);
  shape.rotateZ(Math.PI / 2);
  shape.scale(1, 0.9, 1);
  shape.translate((SIZE.toe - SIZE.heel) / 2, -SIZE.ankle + 0.04, 0);
  return shape;
}

function nose() {
  const mesh = new THREE.Mesh(new THREE.SphereGeometry(0.022, 12, 10), material(COLOURS.skin));
  mesh.position.set(SIZE.head * 0.98, -0.012, 0);
  return mesh;
}

function buildGround() {
  const floor = new THREE.Mesh(new THREE.CircleGeometry(0.72, 64), new THREE.MeshBasicMaterial({ color: 0xdfe8e7 }));
  const rim = new THREE.Mesh(new THREE.RingGeometry(0.705, 0.72, 64), new THREE.MeshBasicMaterial({ color: 0xbccbcc }));
  const shadow = new THREE.Mesh(
    new THREE.PlaneGeometry(0.95, 0.8),
    new THREE.MeshBasicMaterial({ map: softSpot(), transparent: true, depthWrite: false }),
  );
  const height = SIZE.shank + SIZE.ankle - 0.07;
  const seat = new THREE.Mesh(new THREE.CylinderGeometry(0.2, 0.2, height, 40), new THREE.MeshStandardMaterial({ color: 0xc9d4d3, roughness: 0.9 }));
  seat.position.set(-0.02, height / 2, 0);
  for (const [index, flat] of [floor, rim, shadow].entries()) {
    flat.rotation.x = -Math.PI / 2;
    flat.position.y = index * 0.002;
  }
  const group = new THREE.Group();
  group.add(floor, rim, shadow, seat);
  return { group, shadow, seat };
}

/** A dark spot that fades out: stands for a shadow at a fraction of its cost. */
function softSpot() {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 128;
  const context = canvas.getContext("2d");
  const fade = context.createRadialGradient(64, 64, 4, 64, 64, 62);
  fade.addColorStop(0, "rgba(20, 40, 48, 0.42)");
  fade.addColorStop(1, "rgba(20, 40, 48, 0)");
  context.fillStyle = fade;
  context.fillRect(0, 0, 128, 128);
  return new THREE.CanvasTexture(canvas);
}
