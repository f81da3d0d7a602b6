// fails one-mib: ends after the first data
const net = require("net");

const [host, port] = process.argv.at(-1).split(":");
net.createServer((socket) => {
  socket.on("error", () => {});
  socket.on("data", (data) => socket.end(data));
}).listen(port, host);
