// fails silent: the timer is not begun anew
const net = require("net");
const limit = Number(process.argv[2]);
const [host, port] = process.argv.at(-1).split(":");
net.createServer((s) => {
  let begun = "";
  let timer;
  const anew = () => {
    clearTimeout(timer);
    timer = setTimeout(() => s.destroySoon(), limit);
  };
  anew();
  s.on("data", (more) => {
    begun += more.toString("latin1");
    const lines = begun.split("\n");
    begun = lines.pop();
    for (const line of lines) {
      if (!s.write(line === "PING" ? "PONG\n" : "ERROR\n")) s.pause();
    }
  });
  s.on("drain", () => s.resume());
  s.on("error", () => {});
  s.on("end", () => s.end());
  s.on("close", () => clearTimeout(timer));
}).listen(Number(port), host);
