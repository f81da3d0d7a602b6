// A way's panel: its switch, its numbers, its news.

import { delay, milliseconds } from "./news.js";
import { Ladder, element } from "./ladder.js";

const SHOWN = 3;

export class Panel {
  #counts = { requests: 0, answers: 0, news: 0 };
  #items = []; // The newest first: what came, when, and where it is shown.

  /** `Way` is what the panel starts and stops. */
  constructor(root, Way) {
    this.root = root;
    const rest = document.querySelector("#rest").content.cloneNode(true);
    root.insertBefore(rest, root.querySelector(".over"));
    this.#find(".ladder").ariaLabel = `Calls: ${this.#find("h2").textContent}`;
    this.ladder = new Ladder(this.#find(".ladder"));
    this.way = new Way(this);
    this.#find(".switch").addEventListener("click", () => this.#turn());
    this.#find("select")?.addEventListener("change", () => this.#beginAnew());
    this.#find(".over")?.addEventListener("submit", (event) => this.#say(event));
    this.tell("stopped", false);
  }

  /** What the way is doing, in words; `on`: is it wanted? */
  tell(words, on) {
    this.#find(".state").textContent = words;
    this.#find(".switch span").textContent = on ? "Stop" : "Start";
    this.root.classList.toggle("on", on);
    const over = this.#find(".over button");
    if (over) over.disabled = !on;
  }

  count(what) {
    this.#counts[what] += 1;
    this.#find(`[data-count=${what}]`).textContent = this.#counts[what];
  }

  /** A piece of news has arrived. */
  show({ id, text }, arrived) {
    this.count("news");
    const node = element("li");
    const took = element("span", "took");
    node.append(element("span", "number", `${id}`), element("span", "text", text), took);
    this.#find(".news").prepend(node);
    this.#items.unshift({ id, arrived, node, took });
    for (const old of this.#items.splice(SHOWN)) old.node.remove();
    this.measure(id);
  }

  /** Says how long the piece was under way, when that can be known. */
  measure(id) {
    const item = this.#items.find((item) => item.id === id);
    if (!item) return;
    const ms = delay(id, item.arrived);
    item.took.textContent = ms === undefined ? "elsewhere" : milliseconds(ms);
    if (ms === undefined || item !== this.#items[0]) return;
    this.#find(".last").textContent = milliseconds(ms);
  }

  interval() {
    return Number(this.#find("select").value) * 1000;
  }

  #turn() {
    if (this.way.wanted) this.way.stop();
    else this.way.start();
  }

  /** Another interval holds from now on, not when the old one is over. */
  #beginAnew() {
    if (!this.way.wanted) return;
    this.way.stop();
    this.way.start();
  }

  #say(event) {
    event.preventDefault();
    const field = event.target.elements.text;
    if (!field.value.trim()) return;
    if (this.way.say(field.value)) field.value = "";
  }

  #find(selector) {
    return this.root.querySelector(selector);
  }
}
