// passes: in JavaScript, where one thread has everybody's events
const net = require("net");

const shown = (host, port) => (host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`);
const given = process.argv[process.argv.length - 1];
const at = given.lastIndexOf(":");
const [host, port] = [given.slice(0, at).replace(/[\[\]]/g, ""), Number(given.slice(at + 1))];
let n = 0;
const server = net.createServer((stream) => {
  stream.on("error", () => {});
  const { localAddress, localPort, remoteAddress, remotePort } = stream;
  n += 1;
  if (!remoteAddress) return stream.destroy();
  const line = `conn ${n} local ${shown(localAddress, localPort)} peer ${shown(remoteAddress, remotePort)}`;
  console.log(line);
  stream.end(line + "\n");
});
server.listen(port, host);
