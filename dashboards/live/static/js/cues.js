// Which cue of a frame is to be played: each once, and none that is over.

const OVER_S = 1.5; // a cue this old helps nobody
const SHOWN_S = 4.0;

/** Remembers what was played; counts start again with a new instance of the server. */
export class Cues {
  #seq = -1;

  /** Return the frame's cue if it is to be played now, else null. */
  take(frame, { stale, restarted }) {
    if (restarted) this.#seq = -1;
    const cue = frame.cue;
    // A stale frame decides nothing: the next fresh one carries the cue again, with the true time.
    if (stale || cue === null || cue.seq <= this.#seq) return null;
    this.#seq = cue.seq;
    return frame.t_s - cue.t_s > OVER_S ? null : cue;
  }
}

/** Return the cue that is still to be read, or null. */
export function shownCue(frame) {
  const cue = frame.cue;
  return cue !== null && frame.t_s - cue.t_s < SHOWN_S ? cue : null;
}
