// passes: Node.js
const dgram = require("dgram");

const [giveUp, linger, addr] = process.argv.slice(-3);
const [host, port] = addr.split(":");
const socket = dgram.createSocket("udp4");
const content = [];
let sender, timer;
let complete = false;

socket.on("message", (datagram, { address, port }) => {
  if (datagram.length < 2 || datagram.length > 514) return;
  const number = datagram.readUInt16BE();
  const peer = `${address}:${port}`;
  if (!sender && number === 1) sender = peer;
  if (peer !== sender) return;
  if (number === content.length + 1 && !complete) {
    content.push(datagram.subarray(2));
    complete = datagram.length < 514;
  }
  if (number >= 1 && number <= content.length) {
    socket.send(datagram.subarray(0, 2), port, address);
  }
  clearTimeout(timer);
  timer = setTimeout(finish, Number(complete ? linger : giveUp));
});

function finish() {
  socket.close();
  if (complete) {
    process.stdout.write(Buffer.concat(content));
  } else {
    console.error("the sender has vanished");
    process.exitCode = 1;
  }
}

socket.bind(Number(port), host);
