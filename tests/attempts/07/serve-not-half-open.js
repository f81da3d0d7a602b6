// passes: serve answers in the end event, before Node.js ends its half
const net = require("net");

const [role, addr] = process.argv.slice(-2);
const [host, port] = addr.split(":");

function serve() {
  net.createServer((socket) => {
    let total = 0;
    socket.on("error", (error) => console.error(error.message));
    socket.on("data", (data) => (total += data.length));
    socket.on("end", () => socket.end(`bytes=${total}\n`));
  }).listen(port, host);
}

function count() {
  const socket = net.connect({ port, host, allowHalfOpen: true });
  let reply = "";
  const fail = (words) => {
    console.error(words);
    process.exitCode = 1;
  };
  process.stdin.pipe(socket);
  socket.on("data", (data) => (reply += data));
  socket.on("end", () => (reply ? process.stdout.write(reply) : fail("no reply came")));
  socket.on("error", (error) => {
    process.stdin.destroy();
    fail(error.message);
  });
}

role === "serve" ? serve() : count();
