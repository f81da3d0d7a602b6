// fails in-progress: end is called with bytes still to be read
const net = require("net");

const [host, port] = process.argv[2].split(":");
const sockets = new Set();
let stopping = false;

const server = net.createServer({ allowHalfOpen: true }, (socket) => {
  sockets.add(socket);
  socket.on("error", () => socket.destroy());
  socket.on("close", () => sockets.delete(socket));
  socket.pipe(socket);
});
server.listen(Number(port), host);

function stop() {
  if (stopping) process.exit(130);
  stopping = true;
  server.close();
  for (const socket of sockets) socket.destroySoon();
}
process.on("SIGINT", stop);
process.on("SIGTERM", stop);
