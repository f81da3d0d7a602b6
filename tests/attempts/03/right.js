// passes: in JavaScript
const net = require("net");

const [host, port] = process.argv[process.argv.length - 1].split(":");
const server = net.createServer((stream) => {
  stream.on("error", () => {});
  stream.end(`time ${Date.now()}\n`);
  stream.resume();
  setTimeout(() => stream.destroy(), 1000);
});
server.listen(Number(port), host);
