// Short tones for cues, made on the spot: no file to load, and nothing before the first tap.

// Each tone: frequency in Hz, start and length in seconds, loudness 0..1.
const TONES = {
  repetition: [[659, 0, 0.16, 0.5]],
  target_reached: [[659, 0, 0.16, 0.6], [988, 0.12, 0.34, 0.6]],
  target_missed: [[330, 0, 0.3, 0.45]],
  hold_done: [[523, 0, 0.2, 0.5], [659, 0.14, 0.2, 0.5], [784, 0.28, 0.42, 0.6]],
  too_fast: [[554, 0, 0.14, 0.45], [440, 0.18, 0.22, 0.45]],
  too_small: [[330, 0, 0.3, 0.45]],
  cadence_low: [[440, 0, 0.14, 0.5], [554, 0.18, 0.22, 0.5]],
  cadence_high: [[554, 0, 0.14, 0.5], [440, 0.18, 0.22, 0.5]],
};
const ATTACK_S = 0.015;

/** Sound that a person switches on; browsers allow none before a tap. */
export class Sound {
  #context = null;
  #on = false;
  played = 0;

  get state() {
    return this.#on ? this.#context.state : "off";
  }

  /** Switch on or off, within the handler of a tap; resolves to whether it is on. */
  async toggle() {
    this.#on = !this.#on;
    if (this.#on) {
      this.#context ??= new AudioContext();
      await this.#context.resume();
    }
    return this.#on;
  }

  /** Play the tones of a kind of cue. */
  play(kind) {
    if (this.state !== "running" || !(kind in TONES)) return;
    for (const tone of TONES[kind]) this.#tone(...tone);
    this.played += 1;
  }

  #tone(frequency, startS, lengthS, loudness) {
    const start = this.#context.currentTime + startS;
    const oscillator = new OscillatorNode(this.#context, { type: "triangle", frequency });
    const gain = new GainNode(this.#context, { gain: 0 });
    // A soft start and a fading end: a hard edge would click.
    gain.gain.setValueAtTime(0, start);
    gain.gain.linearRampToValueAtTime(loudness * 0.4, start + ATTACK_S);
    gain.gain.exponentialRampToValueAtTime(0.001, start + lengthS);
    oscillator.connect(gain).connect(this.#context.destination);
    oscillator.start(start);
    oscillator.stop(start + lengthS);
  }
}
