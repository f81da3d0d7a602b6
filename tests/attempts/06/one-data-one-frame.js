// fails three-in-one: takes one data event for one frame
const net = require("net");

const [host, port] = process.argv.at(-1).split(":");
net.createServer((socket) => {
  socket.on("error", () => {});
  socket.on("data", (data) => {
    const upper = Buffer.from(data.subarray(2).toString().toUpperCase());
    const length = Buffer.alloc(2);
    length.writeUInt16BE(upper.length);
    socket.write(Buffer.concat([length, upper]));
  });
}).listen(port, host);
