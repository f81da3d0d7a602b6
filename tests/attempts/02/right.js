// passes: in JavaScript
const net = require("net");

const given = process.argv[process.argv.length - 1];
const at = given.lastIndexOf(":");
const [host, port] = [given.slice(0, at).replace(/[\[\]]/g, ""), Number(given.slice(at + 1))];
const server = net.createServer((stream) => stream.on("error", () => {}).destroy());
server.on("listening", () => {
  const { address, port } = server.address();
  console.log(`listening on ${address.includes(":") ? `[${address}]` : address}:${port}`);
});
let addresses = [];
server.on("error", (error) => {
  const next = addresses.shift();
  if (next) return server.listen(port, next.address);
  console.error(`could not listen on ${given}: ${error.message}`);
  process.exit(1);
});
require("dns").lookup(host, { all: true }, (error, found) => {
  if (error) return server.emit("error", error);
  addresses = found;
  server.listen(port, addresses.shift().address);
});
