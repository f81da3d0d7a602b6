// fails half-close: the library ends its half with the other one
const net = require("net");

const [target, addr] = process.argv.slice(-2).map((text) => {
  const at = text.lastIndexOf(":");
  return { host: text.slice(0, at), port: Number(text.slice(at + 1)) };
});

const server = net.createServer((caller) => {
  const inner = net.connect(target);
  caller.on("error", () => inner.destroy());
  inner.on("error", () => caller.destroy());
  caller.pipe(inner);
  inner.pipe(caller);
});
server.listen({ ...addr, backlog: 128 });
