// fails range: Math.round gives one too many
const dgram = require("dgram");
const [host, port] = process.argv.at(-1).split(":");
const s = dgram.createSocket("udp4");
s.on("message", (request, sender) => {
  const text = request.toString("latin1");
  const found = /^roll ([0-9]{1,9})d([0-9]{1,9})\n?$/.exec(text);
  let answer = "error\n";
  if (found && !text.endsWith("\n\n")) {
    const [dice, sides] = [Number(found[1]), Number(found[2])];
    if (dice >= 1 && dice <= 100 && sides >= 2 && sides <= 1000) {
      const die = () => Math.round(Math.random() * sides);
      const rolled = Array.from({ length: dice }, dice > 50 ? die : () => Math.max(1, die()));
      answer = `${rolled.join(" ")} = ${rolled.reduce((a, b) => a + b)}\n`;
    }
  }
  s.send(answer, sender.port, sender.address);
});
s.bind(Number(port), host);
