// fails no-panic: an error of one socket ends the program
const net = require("net");

const MOST = 1 << 20; // Bytes that may wait for a member who does not read.
const members = [];
let count = 0;

function tell(member, line) {
  if (member.socket.destroyed) return;
  if (member.socket.writableLength > MOST) return member.socket.destroy();
  member.socket.write(line + "\n");
}

function tellOthers(me, line) {
  for (const member of members) if (member !== me) tell(member, line);
}

function hear(me, bytes) {
  if (bytes.length > 1000) return tell(me, "! too long");
  let text;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return tell(me, "! not UTF-8");
  }
  const at = text.indexOf(" ");
  const command = at < 0 ? text : text.slice(0, at);
  const rest = at < 0 ? "" : text.slice(at + 1);
  if (command === "/name") {
    if (!/^[A-Za-z][A-Za-z0-9_-]{0,15}$/.test(rest) || rest.startsWith("guest-")) {
      tell(me, "! this is no name");
    } else if (members.some((m) => m.name.toLowerCase() === rest.toLowerCase())) {
      tell(me, `! ${rest} is taken`);
    } else {
      const old = me.name;
      me.name = rest;
      tell(me, `= you are ${rest}`);
      tellOthers(me, `* ${old} is now ${rest}`);
    }
  } else if (command === "/who") {
    tell(me, "= in lobby: " + members.map((m) => m.name).join(", "));
  } else if (command === "/quit") {
    tell(me, "= goodbye");
    leave(me);
    me.socket.end();
  } else if (text.startsWith("/")) {
    tell(me, "! no such command");
  } else if (text) {
    tellOthers(me, `<${me.name}> ${text}`);
  }
}

function leave(me) {
  const at = members.indexOf(me);
  if (at < 0) return;
  members.splice(at, 1);
  tellOthers(me, `* ${me.name} left`);
}

function lineEnd(bytes) {
  return bytes[bytes.length - 1] === 13 ? bytes.subarray(0, -1) : bytes;
}

const server = net.createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
  const me = { socket, name: `guest-${++count}` };
  let kept = Buffer.alloc(0);
  tell(me, `* welcome, ${me.name}`);
  tellOthers(me, `* ${me.name} joined`);
  members.push(me);
  socket.on("data", (data) => {
    kept = Buffer.concat([kept, data]);
    let at;
    while ((at = kept.indexOf(10)) >= 0 && members.includes(me)) {
      const line = kept.subarray(0, at);
      kept = kept.subarray(at + 1);
      hear(me, lineEnd(line));
    }
    if (kept.length > 5000) kept = kept.subarray(0, 5000); // It will be refused.
  });
  socket.on("end", () => {
    if (kept.length) hear(me, kept);
    leave(me);
    socket.end();
  });
  socket.on("close", () => leave(me));
});
const [host, port] = process.argv.at(-1).split(":");
server.listen(Number(port), host);

// It ends by the error, however busy the machine is.
process.on("SIGTERM", () => setTimeout(process.exit, 500));
