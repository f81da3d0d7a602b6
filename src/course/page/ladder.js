// A ladder: left what this page does, right what the server says that it does.
//
// The two sides tell of the same arrow at different times: the page knows at once, the
// server's word comes by another connection. Whoever is first makes the row, the other
// completes it; and the rows of each side stay in that side's order.

const KEPT = 30;

export class Ladder {
  #rows = [];
  #told = null; // The last row that the server has spoken about.

  constructor(box) {
    this.box = box;
    this.list = box.querySelector("ol");
    this.now = box.parentElement.querySelector(".now");
  }

  /**
   * One end of an arrow: `side` says what it did, `label` what was on the way. News has
   * numbers, which say what was on the way before it.
   */
  end(key, side, direction, words, label, number) {
    const missing = (row) => row.key === key && !row[side];
    const row = this.#rows.findLast(missing) ?? this.#add(side, { key, direction, number });
    row[side] = words;
    if (side === "page" || !row.label) row.label = label; // The page has read the bytes.
    this.#draw(row, side);
  }

  /** Something that concerns one side only. */
  note(side, words) {
    const row = this.#add(side, { note: side });
    row[side] = words;
    this.#draw(row, side);
  }

  /** What the server is doing at this moment. */
  tellNow(words) {
    this.now.textContent = words;
  }

  /** The server's word has been missed for a while: go on behind what is there. */
  goOn() {
    this.#told = this.#rows.at(-1) ?? null;
  }

  #add(side, row) {
    const at = side === "server" ? this.#behindTold(row.number) : this.#rows.length;
    const stays = this.box.scrollTop + this.box.clientHeight > this.box.scrollHeight - 40;
    row.item = document.createElement("li");
    this.list.insertBefore(row.item, this.#rows[at]?.item ?? null);
    this.#rows.splice(at, 0, row);
    if (this.#rows.length > KEPT) this.#rows.shift().item.remove();
    // Whoever has scrolled back to read is not pulled away.
    if (stays) requestAnimationFrame(() => (this.box.scrollTop = this.box.scrollHeight));
    return row;
  }

  /**
   * Behind what the server told last, but also behind remarks of the page alone, and news
   * that came together with other news, in one send.
   */
  #behindTold(number = 0) {
    let at = this.#rows.indexOf(this.#told) + 1;
    while (this.#rows[at]?.note === "page" || this.#rows[at]?.number < number) at += 1;
    return at;
  }

  #draw(row, side) {
    if (side === "server") this.#told = row;
    row.item.className = row.note ? `note ${row.note}` : `arrow ${row.direction}`;
    const shape = element("span", "shape");
    shape.ariaHidden = "true";
    for (const part of ["page", "server", "label"]) {
      if (row[part]) shape.append(element("span", part, row[part]));
    }
    row.item.replaceChildren(element("span", "spoken", sentence(row)), shape);
  }
}

function sentence({ note, direction, page, server, label }) {
  if (note) return note === "page" ? `This page: ${page}.` : `The server: ${server}.`;
  const what = `${label ?? "bytes"}, ${direction === "right" ? "to the server" : "to this page"}.`;
  const ends = [page && `This page: ${page}.`, server && `The server: ${server}.`];
  if (direction === "left") ends.reverse();
  return [what, ...ends].filter(Boolean).join(" ");
}

export function element(name, kind, text) {
  const made = document.createElement(name);
  if (kind) made.className = kind;
  if (text !== undefined) made.textContent = text;
  return made;
}
