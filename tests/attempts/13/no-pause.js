// fails one-stalls: write without a look at what it says
const net = require("net");

const [target, addr] = process.argv.slice(-2).map((text) => {
  const at = text.lastIndexOf(":");
  return { host: text.slice(0, at), port: Number(text.slice(at + 1)) };
});

const server = net.createServer({ allowHalfOpen: true }, (caller) => {
  const inner = net.connect({ ...target, allowHalfOpen: true });
  for (const [from, to] of [[caller, inner], [inner, caller]]) {
    from.on("error", () => to.destroy());
    from.on("data", (data) => to.write(data));
    from.on("end", () => to.end());
  }
});
server.listen({ ...addr, backlog: 128 });
