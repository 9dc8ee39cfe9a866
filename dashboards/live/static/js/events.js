// The therapist's list of events, newest first; each frame carries the last few, by number.

import { clock } from "./names.js";

const KEPT = 80;
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

function line({ kind, t_s: t, text }) {
  const item = document.createElement("li");
  item.dataset.kind = CONTACTS.has(kind) ? "contact" : kind;
  const time = document.createElement("time");
  time.textContent = `${clock(t)}.${Math.floor(t * 10) % 10}`;
  const sign = document.createElement("span");
  sign.className = "sign";
  sign.textContent = SIGNS[kind] ?? "·";
  item.append(time, sign, text);
  return item;
}
