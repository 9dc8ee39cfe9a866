// What both pages share: the state line, the notice, and small helpers for the document.

import { openLink } from "./link.js";
import { noticeFor } from "./notice.js";

const LINK_TEXT = { connecting: "Connecting", open: "Live", lost: "Connection lost" };
const CHECK_MS = 500;

/** Return the element with this id. */
export function element(id) {
  return document.getElementById(id);
}

/** Write text only where it changed: untouched nodes cost no layout and are not read out again. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** Show or hide an element. */
export function setShown(node, shown) {
  if (node.hidden === shown) node.hidden = !shown;
}

/**
 * Run a page: onFrame(frame, {stale, restarted, message}) for each frame of the server.
 */
export function runPage(onFrame) {
  const watch = { link: "connecting", frame: null, movedAt: performance.now(), instance: null };

  openLink({
    onState: (state) => {
      if (watch.link !== state) {
        watch.link = state;
        watch.movedAt = performance.now();
        showLink(state);
        showNotice(watch);
      }
    },
    onMessage: (message, stale) => {
      const restarted = watch.instance !== message.instance;
      watch.instance = message.instance;
      const frame = message.frame;
      if (restarted || frame?.t_s !== watch.frame?.t_s) watch.movedAt = performance.now();
      watch.frame = frame;
      showSource(message.source);
      if (frame) onFrame(frame, { stale, restarted, message });
      showNotice(watch);
    },
  });
  // Silence is something that does not arrive, so it has to be looked for.
  setInterval(() => showNotice(watch), CHECK_MS);
}

function showLink(state) {
  element("link").dataset.state = state;
  setText(element("link-text"), LINK_TEXT[state]);
}

function showSource(source) {
  const badge = element("source");
  setText(badge, source);
  setShown(badge, source !== "");
}

function showNotice(watch) {
  const silentMs = performance.now() - watch.movedAt;
  const notice = noticeFor({ link: watch.link, frame: watch.frame, silentMs });
  const box = element("notice");
  setShown(box, notice !== null);
  document.body.dataset.state = notice === null ? "live" : notice.state;
  if (notice === null) return;
  box.dataset.level = notice.level;
  setText(element("notice-title"), notice.title);
  setText(element("notice-text"), notice.text);
}
