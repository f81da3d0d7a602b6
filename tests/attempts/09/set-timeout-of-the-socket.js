// fails drip: setTimeout of the socket counts any byte
const net = require("net");
const limit = Number(process.argv[2]);
const [host, port] = process.argv.at(-1).split(":");
net.createServer((s) => {
  let begun = "";
  let timer;
  const anew = () => {};
  s.setTimeout(limit, () => s.destroySoon());
  s.on("data", (more) => {
    begun += more.toString("latin1");
    const lines = begun.split("\n");
    begun = lines.pop();
    for (const line of lines) {
      if (!s.write(line === "PING" ? "PONG\n" : "ERROR\n")) s.pause();
      anew();
    }
  });
  s.on("drain", () => s.resume());
  s.on("error", () => {});
  s.on("end", () => s.end());
  s.on("close", () => clearTimeout(timer));
}).listen(Number(port), host);
