// fails no-panic: nobody listens to the event `error` of the server
const net = require("net");

const given = process.argv[process.argv.length - 1];
const at = given.lastIndexOf(":");
const [host, port] = [given.slice(0, at).replace(/[\[\]]/g, ""), Number(given.slice(at + 1))];
const server = net.createServer((stream) => stream.on("error", () => {}).destroy());
server.on("listening", () => {
  const { address, port } = server.address();
  console.log(`listening on ${address.includes(":") ? `[${address}]` : address}:${port}`);
});
server.listen(port, host);
