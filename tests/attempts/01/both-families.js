// fails own-address: without a host, Node listens on IPv6 for both families
const net = require("net");

const shown = (host, port) => (host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`);
const given = process.argv[process.argv.length - 1];
const at = given.lastIndexOf(":");
const [host, port] = [given.slice(0, at).replace(/[\[\]]/g, ""), Number(given.slice(at + 1))];
let n = 0;
const server = net.createServer((stream) => {
  stream.on("error", () => {});
  n += 1;
  const local = shown(stream.localAddress, stream.localPort);
  const line = `conn ${n} local ${local} peer ${shown(stream.remoteAddress, stream.remotePort)}`;
  console.log(line);
  stream.end(line + "\n");
});
server.listen(port);
