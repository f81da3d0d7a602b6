// Four ways to hear of news. Each has a panel; this file is what happens on the wire.

import { leaves, recognise } from "./news.js";
import { Exchange } from "./server.js";
import { hold, release } from "./tabs.js";

const NO_ROOM =
  "not started: this browser opens at most 6 connections to a server, and all but one " +
  "wait for news already; stop a way, here or in another tab";

/** What all ways have in common: they start, they stop, and a hidden tab pauses them. */
class Way {
  heard = 0; // The number of the newest piece that this way has brought.
  wanted = false;
  holds = true; // Does it keep one of the browser's six connections?
  #held = false;

  constructor(panel) {
    this.panel = panel;
    this.ladder = panel.ladder;
  }

  start() {
    this.wanted = true;
    this.resume();
  }

  stop() {
    this.wanted = false;
    this.#end("stopped");
  }

  /** Nobody looks: what waits is given back. */
  pause() {
    if (this.wanted) this.#end("paused while this tab is hidden; its connection is given back");
  }

  resume() {
    if (!this.wanted || this.line) return;
    if (this.holds && !hold()) {
      this.wanted = false;
      return this.panel.tell(NO_ROOM, false);
    }
    this.#held = this.holds;
    this.line = new AbortController();
    this.failures = 0;
    this.panel.tell(this.running, true);
    this.open(this.line.signal);
  }

  #end(words) {
    this.line?.abort();
    this.line = null;
    if (this.#held) release();
    this.#held = false;
    this.panel.tell(words, this.wanted);
  }

  exchange(path) {
    return new Exchange(this.ladder, `${path}?after=${this.heard}`);
  }

  take(items) {
    const arrived = performance.now();
    for (const item of items) {
      this.heard = item.id;
      this.panel.show(item, arrived);
    }
  }

  works() {
    if (this.failures > 0) this.panel.tell(this.running, true);
    this.failures = 0;
  }

  /** How long to leave a server alone that does not answer: longer each time. */
  fails(why) {
    const pause = Math.min(500 * 2 ** this.failures, 8000);
    this.failures += 1;
    this.panel.tell(`${why}; next attempt in ${pause / 1000} s`, true);
    return pause;
  }
}

/** Asks, and asks again: the loop of short and of long polling. */
class Polling extends Way {
  async open(signal) {
    while (!signal.aborted) {
      let pause;
      try {
        pause = await this.ask(signal);
        this.works();
      } catch (error) {
        if (signal.aborted) return;
        pause = this.fails(error instanceof TypeError ? "no answer" : error.message);
      }
      await sleep(pause, signal);
    }
  }

  async ask(signal) {
    const exchange = this.exchange(this.path);
    exchange.asks("fetch", "GET");
    this.panel.count("requests");
    let answer;
    try {
      answer = await fetch(exchange.path, { signal, cache: "no-store" });
      this.take(await this.read(answer, exchange));
    } catch (error) {
      if (!answer) exchange.notes(signal.aborted ? "fetch is given up" : "fetch failed");
      throw error;
    }
    return this.pauseBetween();
  }

  async read(answer, exchange) {
    const { ok, status, statusText } = answer;
    this.panel.count("answers");
    const news = status === 200 ? await answer.json() : [];
    const size = news.length === 1 ? "1 piece" : `${news.length} pieces`;
    exchange.hears("fetch is done", `${status} ${statusText}: ${size}`);
    if (!ok) throw new Error(`the server answered ${status}`);
    return news;
  }
}

export class ShortPolling extends Polling {
  path = "news";
  holds = false; // Each request is over at once.
  running = "asking";

  pauseBetween() {
    return this.panel.interval();
  }
}

export class LongPolling extends Polling {
  path = "news/wait";
  running = "one request waits at the server";

  pauseBetween() {
    return 0;
  }
}

export class Stream extends Way {
  running = "one answer that goes on and on";

  open(signal) {
    const exchange = this.exchange("news/stream");
    const source = new EventSource(exchange.path);
    // Not one listener more each time: this one takes the place of the one before.
    signal.onabort = () => {
      source.close();
      exchange.notes("EventSource closed");
    };
    exchange.asks("EventSource", "GET");
    this.panel.count("requests");
    source.onopen = () => {
      this.panel.count("answers");
      exchange.hears("open", "200 OK, and more to come");
      this.works();
    };
    source.onmessage = ({ data, lastEventId }) => {
      const item = { id: Number(lastEventId), text: data };
      exchange.hearsNews(item.id, "message", `id: ${item.id} data: ${short(data)}`);
      this.take([item]);
    };
    source.onerror = () => this.#lost(source, exchange, signal);
  }

  /** The browser asks again by itself, unless the answer was no stream of events. */
  async #lost(source, exchange, signal) {
    if (this.failures === 0) exchange.notes("the answer has ended");
    exchange.expect();
    if (source.readyState !== EventSource.CLOSED) {
      this.failures += 1;
      return this.panel.tell("no answer; the browser tries again by itself", true);
    }
    await sleep(this.fails("no stream of events"), signal);
    if (!signal.aborted) this.open(signal);
  }
}

export class Socket extends Way {
  holds = false; // Browsers count WebSockets apart.
  running = "one connection, both sides may speak";

  open(signal) {
    const exchange = this.exchange("news/socket");
    const socket = new WebSocket(new URL(exchange.path, location.href.replace(/^http/, "ws")));
    let open = false;
    this.socket = socket;
    this.talk = exchange;
    signal.onabort = () => socket.close(1000);
    exchange.asks("WebSocket", "GET");
    this.panel.count("requests");
    socket.onopen = () => {
      open = true;
      this.panel.count("answers");
      exchange.hears("open", "101: no HTTP from here on");
      this.works();
    };
    socket.onmessage = ({ data }) => {
      const item = JSON.parse(data);
      exchange.hearsNews(item.id, "message", short(data));
      recognise(item);
      this.take([item]);
    };
    socket.onclose = async ({ code }) => {
      exchange.notes(open ? `closed, code ${code}` : "no connection");
      if (signal.aborted) return;
      await sleep(this.fails("no connection"), signal);
      if (!signal.aborted) this.open(signal);
    };
  }

  /** Says something over the same connection. */
  say(text) {
    if (this.socket?.readyState !== WebSocket.OPEN) return false;
    leaves(text); // Only now: what was never sent is not under way.
    this.socket.send(text);
    this.talk.says("send", short(text));
    return true;
  }
}

function short(text) {
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

function sleep(ms, signal) {
  return new Promise((done) => {
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", () => (clearTimeout(timer), done()), { once: true });
  });
}
