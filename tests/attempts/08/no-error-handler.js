// fails reset: an error of one client is nobody's, and ends the program
const net = require("net");

const limit = Number(process.argv[2]);
const [host, port] = process.argv[3].split(":");
let served = 0;

net.createServer({ allowHalfOpen: true }, (socket) => {
  if (served >= limit) return socket.end("busy\n");
  served += 1;
  socket.on("close", () => (served -= 1));
  socket.pipe(socket);
}).listen({ host, port });
