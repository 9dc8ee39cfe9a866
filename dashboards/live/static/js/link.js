// The websocket to the server: acknowledges, reconnects, and tells old frames from fresh ones.

const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 3000;
const SILENCE_MS = 3000; // the server sends at least twice a second
const STALE_MS = 500;
const STALE_IN_A_ROW = 4; // the server never has more than two messages under way

/**
 * Open the link and keep it open.
 *
 * onMessage(message, stale) gets each message once, in order; a stale one has waited in a buffer,
 * so its figures are still the newest there are but its cue is over. onState gets "connecting",
 * "open" or "lost".
 */
export function openLink({ onMessage, onState }) {
  const url = `${location.protocol === "https:" ? "wss:" : "ws:"}//${location.host}/live`;
  let wait = FIRST_WAIT_MS;
  let retry = 0;

  function connect() {
    clearTimeout(retry);
    const socket = new WebSocket(url);
    const arrivals = new Arrivals();
    let silence = setTimeout(lose, SILENCE_MS);

    socket.onmessage = (event) => {
      clearTimeout(silence);
      silence = setTimeout(lose, SILENCE_MS);
      wait = FIRST_WAIT_MS;
      const message = JSON.parse(event.data);
      const stale = arrivals.isStale(message.stamp_ms, performance.now());
      onState("open");
      try {
        if (arrivals.isNewer(message.stamp_ms)) onMessage(message, stale);
      } finally {
        // Whatever happened to it, the server may send the next one.
        if (socket.readyState === WebSocket.OPEN) socket.send("ok");
      }
    };
    socket.onclose = lose;

    function lose() {
      clearTimeout(silence);
      socket.onmessage = null;
      socket.onclose = null;
      socket.close();
      onState("lost");
      // Not all pages at the same moment.
      retry = setTimeout(connect, wait * (0.8 + 0.4 * Math.random()));
      wait = Math.min(wait * 1.6, LONGEST_WAIT_MS);
    }
  }

  onState("connecting");
  connect();
}

/** Judges messages of one connection by the server's clock, of which only differences matter. */
class Arrivals {
  #newest = -Infinity;
  #least = Infinity; // least difference of the two clocks seen: a message that did not wait
  #stale = 0;

  isNewer(stampMs) {
    const newer = stampMs > this.#newest;
    if (newer) this.#newest = stampMs;
    return newer;
  }

  isStale(stampMs, nowMs) {
    const difference = nowMs - stampMs;
    // More stale messages in a row than can be under way: a clock was put forward, not they late.
    if (this.#stale >= STALE_IN_A_ROW) this.#least = difference;
    this.#least = Math.min(this.#least, difference);
    const stale = difference - this.#least > STALE_MS;
    this.#stale = stale ? this.#stale + 1 : 0;
    return stale;
  }
}
