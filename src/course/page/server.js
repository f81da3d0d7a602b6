// What the server tells about itself: GET /events, one event in each message.
//
// An event names the connection, not the request. Which request a connection carries is
// told by the note "the request: GET /news?after=3&from=k3.17": `from` is this tab's mark,
// so the calls of other tabs are told apart from ours.

import { hold, release } from "./tabs.js";

const tab = Array.from(crypto.getRandomValues(new Uint8Array(2)), (byte) =>
  (byte % 36).toString(36),
).join("");
let count = 0;

/** The requests of this tab whose calls are expected, by their mark. */
const expected = new Map();
const LATEST = 200;

/** What is known about each connection of the server. */
let connections = new Map();
const OPEN = 500;

/** One request of this page, its answer, and the rows of both. */
export class Exchange {
  constructor(ladder, path) {
    count += 1;
    this.mark = `${tab}.${count}`;
    this.path = `${path}${path.includes("?") ? "&" : "?"}from=${this.mark}`;
    this.ladder = ladder;
    ladder.latest = this;
    this.expect();
  }

  /** The server will tell of it: soon, or once more. */
  expect() {
    expected.delete(this.mark);
    expected.set(this.mark, this);
    if (expected.size > LATEST) expected.delete(expected.keys().next().value);
  }

  // This page:

  asks(call, method) {
    this.#end("request", "page", "right", call, `${method} /${this.path}`);
  }

  hears(call, label) {
    this.#end("answer", "page", "left", call, label);
  }

  hearsNews(id, call, label) {
    this.#end(`news ${id}`, "page", "left", call, label, id);
  }

  says(call, label) {
    this.#end("said", "page", "right", call, label);
  }

  notes(words) {
    this.ladder.note("page", words);
  }

  // The server:

  isAsked(words, request) {
    this.answered = false;
    this.#end("request", "server", "right", words, request);
  }

  /** A frame of a WebSocket. What the page itself has said is a text. */
  receives(words, kind) {
    const key = kind === "text" ? "said" : "frame in";
    this.#end(key, "server", "right", words, `frame: ${kind}`);
  }

  /** The first send is the answer; the others carry news, if there is a number in them. */
  sends(words, preview, frame) {
    const id = /id(?:: |\\?":)(\d+)/.exec(preview)?.[1];
    const more = [id ? `news ${id}` : "more", frame ? `frame: ${frame}` : preview];
    const [key, label] = this.answered ? more : ["answer", this.status];
    this.answered = true;
    this.#end(key, "server", "left", words, label, Number(id));
  }

  #end(key, ...rest) {
    this.ladder.end(`${this.mark} ${key}`, ...rest);
  }
}

/** Puts one event where it belongs. */
export function tell(event) {
  if (event.connection === undefined) return;
  const connection = connections.get(event.connection) ?? begin(event.connection);
  if (event.phase === "note") return tellNote(connection, event.text);
  const exchange = connection.exchange;
  if (event.phase === "begin") return exchange && tellBegin(connection, event);
  if (event.error) exchange?.ladder.note("server", `${event.call}: ${event.error.text}`);
  else if (event.call === "recv") tellReceived(connection, event);
  else if (event.call === "send") tellSent(connection, event);
  else if (event.call === "shutdown") exchange?.ladder.note("server", "shutdown");
  else if (event.call === "close") end(event.connection, connection);
}

const NOTHING = { calls: 0, bytes: 0 };

function begin(number) {
  const connection = { number, asking: false, socket: false, got: NOTHING, exchange: null };
  connections.set(number, connection);
  if (connections.size > OPEN) connections.delete(connections.keys().next().value);
  return connection;
}

function end(number, connection) {
  connection.exchange?.ladder.note("server", `close, connection ${number}`);
  now(connection, "");
  connections.delete(number);
}

function tellNote(connection, text) {
  const request = /^the request: (\S+ (\S+))/.exec(text);
  if (request) return isAsked(connection, request[1], request[2]);
  const { exchange } = connection;
  const frame = /^frame (in|out): (\w+)/.exec(text);
  if (frame) return tellFrame(connection, frame[1], frame[2]);
  const status = /^the answer: (.*)/.exec(text)?.[1];
  if (status === undefined) {
    exchange?.ladder.note("server", text);
    if (text.startsWith("parked")) now(connection, "parked");
    return;
  }
  connection.asking = false;
  connection.socket = status.startsWith("101");
  if (exchange) exchange.status = status;
}

/** What came in is known after its recv, what goes out before its send. */
function tellFrame(connection, way, kind) {
  if (way === "out") connection.frame = kind;
  else connection.exchange?.receives(received(connection), kind);
}

function received(connection) {
  const { got } = connection;
  connection.got = NOTHING;
  return got.calls ? words("recv", got.calls, got.bytes) : "in the same recv";
}

function tellSent(connection, { bytes, preview, run }) {
  const sent = words("send", run?.calls ?? 1, bytes);
  connection.exchange?.sends(sent, preview, connection.frame);
  connection.frame = undefined;
  if (!connection.socket) now(connection, "");
}

function words(call, calls, bytes) {
  return calls > 1 ? `${calls} × ${call}, ${bytes} B` : `${call} ${bytes} B`;
}

/** The bytes came before anybody knew what they were: now they get their place. */
function isAsked(connection, request, target) {
  const exchange = expected.get(/[?&]from=([a-z0-9.]+)/.exec(target)?.[1]) ?? null;
  if (connection.exchange?.ladder !== exchange?.ladder) now(connection, "");
  connection.exchange = exchange;
  connection.asking = true;
  const came = received(connection); // Told or not, these bytes have been used.
  exchange?.isAsked(came, request);
}

function tellReceived(connection, { bytes, run }) {
  const { exchange, got } = connection;
  const calls = run?.calls ?? 1;
  if (bytes === 0) exchange?.ladder.note("server", "recv 0 B: end of stream");
  else if (connection.asking) exchange?.ladder.note("server", words("recv", calls, bytes));
  else connection.got = { calls: got.calls + calls, bytes: got.bytes + bytes };
}

function tellBegin(connection, event) {
  if (event.call === "recv") now(connection, "recv, waiting for bytes");
}

/** A connection that has answered may wait on, while another one carries the next request. */
function now({ number, exchange }, words) {
  if (exchange?.ladder.latest !== exchange) return;
  exchange?.ladder.tellNow(words && `server, connection ${number}: ${words}`);
}

const PATIENCE = 10_000;

/** Listens to the server, and goes on listening when it comes back. */
export class Listening {
  #source = null;
  #again = 0;

  constructor(ladders, says) {
    this.ladders = ladders;
    this.says = says;
  }

  start() {
    if (this.#source) return;
    hold({ always: true });
    this.#source = new EventSource("events");
    this.#source.onopen = () => {
      connections = new Map(); // Another server may count anew.
      for (const ladder of this.ladders) ladder.goOn();
      this.says("there");
    };
    this.#source.onmessage = ({ data }) => tell(JSON.parse(data));
    this.#source.onerror = () => {
      for (const ladder of this.ladders) ladder.tellNow(""); // Nobody knows.
      // An answer that is no stream ends the attempts; for no answer there are more.
      if (this.#source.readyState === EventSource.CLOSED) this.#refused();
      else this.says("gone");
    };
  }

  /** There is an answer, but no stream: a quiet server has nothing to tell. */
  async #refused() {
    this.stop();
    this.#again = setTimeout(() => this.start(), PATIENCE);
    const asked = new AbortController();
    try {
      const { status } = await fetch("events", { signal: asked.signal, cache: "no-store" });
      this.says(status === 204 ? "quiet" : "gone");
    } catch {
      this.says("gone");
    }
    asked.abort();
  }

  stop() {
    clearTimeout(this.#again);
    if (!this.#source) return;
    this.#source.close();
    this.#source = null;
    release();
  }
}
