// fails busy: the library drops who is too many, without a word
const net = require("net");

const limit = Number(process.argv[2]);
const [host, port] = process.argv[3].split(":");

const server = net.createServer({ allowHalfOpen: true }, (socket) => {
  socket.on("error", () => {});
  socket.pipe(socket);
});
server.maxConnections = limit;
server.listen({ host, port });
