// passes: one thread and an event loop
const net = require("net");

const limit = Number(process.argv[2]);
const [host, port] = process.argv[3].split(":");
let served = 0;

net.createServer({ allowHalfOpen: true }, (socket) => {
  socket.on("error", () => {});
  if (served >= limit) {
    socket.end("busy\n");
    socket.resume();
    setTimeout(() => socket.destroy(), 500);
    return;
  }
  served += 1;
  socket.on("close", () => (served -= 1));
  socket.pipe(socket);
}).listen({ host, port });
