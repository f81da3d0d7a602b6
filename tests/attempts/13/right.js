// passes: pipes
const net = require("net");

const [target, addr] = process.argv.slice(-2).map((text) => {
  const at = text.lastIndexOf(":");
  return { host: text.slice(0, at), port: Number(text.slice(at + 1)) };
});

const server = net.createServer({ allowHalfOpen: true }, (caller) => {
  const inner = net.connect({ ...target, allowHalfOpen: true });
  caller.on("error", () => inner.destroy());
  inner.on("error", () => caller.destroy());
  caller.pipe(inner);
  inner.pipe(caller);
});
server.listen({ ...addr, backlog: 128 });
