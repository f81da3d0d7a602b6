// fails half-close: an error event that nobody handles
const net = require("net");

const [host, port] = process.argv.at(-1).split(":");
net.createServer((socket) => {
  socket.on("data", (data) => socket.write(data));
}).listen(port, host);
