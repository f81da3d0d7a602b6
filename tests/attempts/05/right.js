// passes: Node.js
const net = require("net");

const [host, port] = process.argv.at(-1).split(":");
net.createServer({ allowHalfOpen: true }, (socket) => {
  socket.on("error", (error) => console.error(error.message));
  socket.pipe(socket);
}).listen(port, host);
