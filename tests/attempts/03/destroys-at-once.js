// fails junk: destroys the stream with bytes unread
const net = require("net");

const [host, port] = process.argv[process.argv.length - 1].split(":");
const server = net.createServer((stream) => {
  stream.on("error", () => {});
  stream.write(`time ${Date.now()}\n`, () => stream.destroy());
});
server.listen(Number(port), host);
