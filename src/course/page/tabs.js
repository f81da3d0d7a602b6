// A browser opens at most six connections to one server over HTTP/1.1, all tabs together.
// An answer that does not end keeps one of them. So the tabs tell each other how many they
// hold, and none takes the last one, which everything else needs.

const MOST = 5;
const channel = "BroadcastChannel" in globalThis ? new BroadcastChannel("sockdemo") : null;
const me = Array.from(crypto.getRandomValues(new Uint32Array(2))).join();
const others = new Map();
let held = 0;

function tell() {
  channel?.postMessage({ who: me, held });
}

channel?.addEventListener("message", ({ data }) => {
  if (data.ask) return tell();
  if (data.held > 0) others.set(data.who, data.held);
  else others.delete(data.who);
});

addEventListener("pagehide", () => channel?.postMessage({ who: me, held: 0 }));
channel?.postMessage({ ask: true });

/** Takes a connection for an answer that does not end soon, if there is one to spare. */
export function hold({ always = false } = {}) {
  const elsewhere = Array.from(others.values()).reduce((sum, n) => sum + n, 0);
  if (!always && held + elsewhere >= MOST) {
    others.clear(); // A tab may have gone without a word: those that are there answer.
    channel?.postMessage({ ask: true });
    return false;
  }
  held += 1;
  tell();
  return true;
}

export function release() {
  held -= 1;
  tell();
}
