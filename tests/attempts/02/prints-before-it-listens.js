// fails port-zero: does not wait for the event `listening`
const net = require("net");

const given = process.argv[process.argv.length - 1];
const at = given.lastIndexOf(":");
const [host, port] = [given.slice(0, at).replace(/[\[\]]/g, ""), Number(given.slice(at + 1))];
const server = net.createServer((stream) => stream.on("error", () => {}).destroy());
server.listen(port, host);
console.log(`listening on ${given}`);
