// fails binary: setEncoding makes strings of the bytes
const net = require("net");

const [host, port] = process.argv.at(-1).split(":");
net.createServer((socket) => {
  socket.setEncoding("utf8");
  socket.on("error", () => {});
  socket.on("data", (text) => socket.write(text));
}).listen(port, host);
