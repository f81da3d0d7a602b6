// passes: whoever has been silent for a while, and owes nothing, is ended
const net = require("net");

const [host, port] = process.argv[2].split(":");
const sockets = new Set();
let stopping = false;

function endWhenQuiet(socket) {
  socket.setTimeout(700);
  socket.on("timeout", () => {
    if (socket.writableLength === 0) socket.destroySoon();
  });
}

const server = net.createServer({ allowHalfOpen: true }, (socket) => {
  sockets.add(socket);
  socket.on("error", (error) => console.error(error.message));
  socket.on("close", () => sockets.delete(socket));
  socket.pipe(socket);
  if (stopping) endWhenQuiet(socket);
});
server.listen(Number(port), host);

function stop() {
  if (stopping) process.exit(130);
  stopping = true;
  server.close();
  for (const socket of sockets) endWhenQuiet(socket);
}
process.on("SIGINT", stop);
process.on("SIGTERM", stop);
