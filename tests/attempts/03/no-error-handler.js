// fails fifty: nobody listens to the event `error` of a stream
const net = require("net");

const [host, port] = process.argv[process.argv.length - 1].split(":");
const server = net.createServer((stream) => {
  stream.end(`time ${Date.now()}\n`);
  stream.resume();
});
server.listen(Number(port), host);
