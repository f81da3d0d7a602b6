// passes: Node.js, which keeps what cannot be sent yet
const net = require("net");

const [host, port] = process.argv.at(-1).split(":");
net.createServer((socket) => {
  socket.on("error", () => {});
  socket.on("data", (data) => socket.write(data));
}).listen(port, host);
