// The therapist's list of events, newest first; each frame carries the last few, by number.

import { clock, percent } from "./names.js";

const KEPT = 80;
const LEAST_TRUSTED = 0.8; // with less the gateway withholds figures
const CONTACTS = new Set(["initial_contact", "final_contact"]);
const SIGNS = { initial_contact: "▾", final_contact: "▴", repetition: "●", cue: "▶", calibration: "✓" };

export class EventList {
  #list;
  #seq = -1;

  constructor(list) {
    this.#list = list;
  }

  /** Add what is new in `events`; a restarted server counts from the beginning again. */
  add(events, restarted) {
    if (restarted) {
      this.#seq = -1;
      this.#list.replaceChildren();
    }
    for (const event of events) {
      if (event.seq <= this.#seq) continue;
      this.#seq = event.seq;
      this.#list.prepend(line(event));
    }
    while (this.#list.childElementCount > KEPT) this.#list.lastElementChild.remove();
  }
}

function line({ kind, t_s: t, text, real_share: share, withheld }) {
  const item = document.createElement("li");
  item.dataset.kind = CONTACTS.has(kind) ? "contact" : kind;
  const time = document.createElement("time");
  time.textContent = `${clock(t)}.${Math.floor(t * 10) % 10}`;
  item.append(time, part("sign", SIGNS[kind] ?? "·"), part("what", text));
  if (share !== undefined) item.append(trust(share));
  if (withheld) item.append(part("withheld", `figures withheld: ${withheld}`));
  return item;
}

/** How much of the samples under an event was measured; the word is for who hears the page. */
function trust(share) {
  const mark = part("trust", percent(share));
  mark.dataset.poor = String(share < LEAST_TRUSTED);
  mark.append(part("unseen", " of samples measured"));
  return mark;
}

function part(name, text) {
  const span = document.createElement("span");
  span.className = name;
  span.textContent = text;
  return span;
}
