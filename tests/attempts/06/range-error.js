// fails no-panic: nobody catches that an answer is too long
const net = require("net");

const [host, port] = process.argv.at(-1).split(":");
net.createServer((socket) => {
  let inbox = Buffer.alloc(0);
  socket.on("error", () => {});
  socket.on("data", (data) => {
    inbox = Buffer.concat([inbox, data]);
    while (inbox.length >= 2 && inbox.length >= 2 + inbox.readUInt16BE(0)) {
      const end = 2 + inbox.readUInt16BE(0);
      let text;
      try {
        text = new TextDecoder("utf-8", { fatal: true }).decode(inbox.subarray(2, end));
      } catch {
        return socket.end();
      }
      const upper = Buffer.from(text.toUpperCase());
      const length = Buffer.alloc(2);
      length.writeUInt16BE(upper.length);
      socket.write(Buffer.concat([length, upper]));
      inbox = inbox.subarray(end);
    }
  });
}).listen(port, host);
