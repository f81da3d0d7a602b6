// The chat in a browser: a WebSocket, each message one line of the chat's protocol.
//
// It fills every element with data-chat="ADDRESS". What others say is strangers' text, so
// it only ever becomes textContent.

const KEPT = 500;

class Chat {
  #socket = null;
  #wanted = false;
  #failures = 0;
  #again = 0;

  constructor(root) {
    this.address = new URL(root.dataset.chat, location.href.replace(/^http/, "ws"));
    this.name = labelled("Your name", { name: "name", maxLength: 16, autocomplete: "off" });
    this.text = labelled("Say something, or a command", { name: "text", autocomplete: "off" });
    this.join = button("Join", "main");
    this.send = button("Send", "main");
    this.state = make("p", { className: "state", role: "status" });
    this.lines = make("div", { className: "lines", role: "log", tabIndex: 0 });
    this.lines.ariaLabel = "What is said";
    this.commands = make("p", { className: "commands" });
    for (const [words, line] of COMMANDS) this.commands.append(this.#command(words, line));
    const coming = form("coming", [...this.name, this.join], () => this.#turn());
    const saying = form("saying", [...this.text, this.send], () => this.#say());
    root.append(coming, this.state, this.lines, saying, this.commands, this.#wire(root));
    this.#tell("You are not in the room.", false);
  }

  /** A switch: the lines as people read them, or as they went over the wire. */
  #wire(root) {
    const box = make("input", { type: "checkbox" });
    box.addEventListener("change", () => root.classList.toggle("wire", box.checked));
    const label = make("label", { className: "as-sent" });
    label.append(box, " Show the lines as they were sent");
    return label;
  }

  #command(words, line) {
    const made = button(words);
    made.type = "button";
    made.addEventListener("click", () => this.#sendLine(line));
    return made;
  }

  #turn() {
    this.#wanted = !this.#wanted;
    if (this.#wanted) return this.#connect();
    clearTimeout(this.#again);
    this.#socket?.close(1000);
    this.#tell("You are not in the room.", false);
  }

  #connect() {
    const socket = new WebSocket(this.address);
    this.#socket = socket;
    this.#tell("Connecting …", true);
    socket.onmessage = ({ data }) => this.#hear(data);
    socket.onopen = () => {
      this.#tell("You are in the room.", true);
      const name = this.name[1].value.trim();
      if (name) this.#sendLine(`/name ${name}`);
      this.text[1].focus();
    };
    socket.onclose = () => this.#lost(socket);
  }

  /** The connection has ended; if that was not our wish, there is another attempt. */
  #lost(socket) {
    if (socket !== this.#socket) return;
    this.#socket = null;
    if (!this.#wanted) return this.#tell("You are not in the room.", false);
    const pause = Math.min(500 * 2 ** this.#failures, 8000);
    this.#failures += 1;
    this.#tell(`The connection has ended. Next attempt in ${pause / 1000} s.`, true);
    this.#again = setTimeout(() => this.#connect(), pause);
  }

  #say() {
    const { value } = this.text[1];
    if (value && this.#sendLine(value)) this.text[1].value = "";
  }

  #sendLine(line) {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    if (line.trim() === "/quit") this.#wanted = false;
    this.#socket.send(line);
    const isCommand = line.startsWith("/") && !line.startsWith("//");
    const said = line.startsWith("//") ? line.slice(1) : line;
    this.#show(isCommand ? "typed" : "mine", isCommand ? "" : "you", said, line);
    return true;
  }

  #hear(line) {
    if (line.startsWith("* welcome")) this.#failures = 0; // A full server says less.
    const { kind, who, text } = read(line);
    this.#show(kind, who, text, line);
  }

  #show(kind, who, text, wire) {
    const { lines } = this;
    const atEnd = lines.scrollTop + lines.clientHeight > lines.scrollHeight - 40;
    const item = make("p", { className: kind });
    const shown = make("span", { className: "shown" });
    if (who) shown.append(make("b", { textContent: who }), " ");
    shown.append(text);
    item.append(shown, make("code", { textContent: wire }));
    lines.append(item);
    if (lines.children.length > KEPT) lines.firstChild.remove();
    if (atEnd) lines.scrollTop = lines.scrollHeight;
  }

  #tell(words, inside) {
    const open = this.#socket?.readyState === WebSocket.OPEN;
    this.state.textContent = words;
    this.join.textContent = inside ? "Leave" : "Join";
    this.join.classList.toggle("main", !inside);
    for (const one of [this.send, ...this.commands.children]) one.disabled = !open;
  }
}

const COMMANDS = [
  ["Who is here?", "/who"],
  ["Which rooms?", "/list"],
  ["All commands", "/help"],
];

/** The first character says what a line is; a name stands between brackets. */
function read(line) {
  const said = /^(<|\[)([^>\]]*)[>\]] (.*)$/s.exec(line);
  if (said) {
    const [, bracket, who, text] = said;
    return bracket === "<"
      ? { kind: "said", who, text }
      : { kind: "private", who: `${who}, to you alone:`, text };
  }
  const kind = { "*": "event", "=": "answer", "!": "refusal" }[line[0]] ?? "event";
  return { kind, who: "", text: line.replace(/^[*=!] /, "") };
}

function make(name, properties) {
  return Object.assign(document.createElement(name), properties);
}

function button(words, kind = "") {
  return make("button", { textContent: words, className: kind });
}

let fields = 0;

/** A label and its field. */
function labelled(words, properties) {
  fields += 1;
  const id = `chat-field-${fields}`;
  return [make("label", { textContent: words, htmlFor: id }), make("input", { id, ...properties })];
}

function form(kind, parts, submit) {
  const made = make("form", { className: kind });
  made.append(...parts);
  made.addEventListener("submit", (event) => {
    event.preventDefault();
    submit();
  });
  return made;
}

for (const root of document.querySelectorAll("[data-chat]")) new Chat(root);
