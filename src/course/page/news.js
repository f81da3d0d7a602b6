// Posting news, and how long each piece was under way.

import { Exchange } from "./server.js";

/** When this page has posted a piece of news, by its number. */
const posted = new Map();
const REMEMBERED = 200;

/** Posted over a WebSocket, which does not say a number: known again by the text. */
let unnumbered = [];

const listeners = new Set();

/** Posts by a script: the page stays as it is. */
export async function post(text, ladder) {
  const exchange = new Exchange(ladder, "news");
  const begun = performance.now();
  exchange.asks("fetch", "POST");
  try {
    const answer = await fetch(exchange.path, { method: "POST", body: text });
    const words = (await answer.text()).trim();
    exchange.hears("fetch is done", `${answer.status} ${answer.statusText}`);
    if (answer.status !== 201) throw new Error(words);
    number(Number(words), begun);
    return Number(words);
  } catch (error) {
    if (error instanceof TypeError) exchange.notes("no answer");
    throw error;
  }
}

/** A piece of news leaves by another way than POST. */
export function leaves(text) {
  unnumbered.push({ text: text.trimEnd(), begun: performance.now() });
  unnumbered = unnumbered.slice(-20);
}

/** A piece of news has come back over the way on which it left. */
export function recognise({ id, text }) {
  const at = unnumbered.findIndex((piece) => piece.text === text);
  if (at >= 0) number(id, unnumbered.splice(at, 1)[0].begun);
}

/** Milliseconds from post to `arrived`; nothing if this page has not posted it. */
export function delay(id, arrived) {
  const begun = posted.get(id);
  return begun === undefined ? undefined : arrived - begun;
}

/** News can be faster than the answer that says its number. */
export function whenNumbered(listener) {
  listeners.add(listener);
}

function number(id, begun) {
  posted.delete(id); // A new server counts anew.
  posted.set(id, begun);
  if (posted.size > REMEMBERED) posted.delete(posted.keys().next().value);
  for (const listener of listeners) listener(id);
}

export function milliseconds(ms) {
  if (ms < 1000) return `${ms.toFixed(ms < 100 ? 1 : 0)} ms`;
  return `${(ms / 1000).toFixed(2)} s`;
}
