// fails echo: TextDecoder takes the three bytes ef bb bf away
const crypto = require("crypto");
const net = require("net");

const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const LIMIT = 1 << 20;

function frame(opcode, payload) {
  const n = payload.length;
  let head = Buffer.from([0x80 | opcode, n]);
  if (n > 125 && n < 65536) {
    head = Buffer.from([0x80 | opcode, 126, 0, 0]);
    head.writeUInt16BE(n, 2);
  } else if (n > 125) {
    head = Buffer.alloc(10);
    head[0] = 0x80 | opcode;
    head[1] = 127;
    head.writeBigUInt64BE(BigInt(n), 2);
  }
  return Buffer.concat([head, payload]);
}

function close(code) {
  const payload = Buffer.alloc(2);
  payload.writeUInt16BE(code);
  return frame(8, payload);
}

class Client {
  constructor(socket) {
    this.socket = socket;
    this.buffer = Buffer.alloc(0);
    this.open = false;
    this.kind = 0;
    this.parts = [];
    this.kept = 0;
    socket.on("data", (data) => this.hear(data));
    socket.on("error", () => {});
  }

  hear(data) {
    this.buffer = Buffer.concat([this.buffer, data]);
    if (!this.open && !this.handshake()) return;
    while (this.socket.writable && this.next()) {}
  }

  handshake() {
    const end = this.buffer.indexOf("\r\n\r\n");
    if (end < 0) return false;
    const fields = {};
    for (const line of this.buffer.toString("latin1", 0, end).split("\r\n").slice(1)) {
      const at = line.indexOf(":");
      fields[line.slice(0, at).trim().toLowerCase()] = line.slice(at + 1).trim();
    }
    this.buffer = this.buffer.subarray(end + 4);
    const words = (fields.connection || "").toLowerCase().split(",");
    const key = fields["sec-websocket-key"];
    const asked = words.some((word) => word.trim() === "upgrade");
    if (!asked || (fields.upgrade || "").toLowerCase() !== "websocket" || !key) {
      this.socket.end("HTTP/1.1 426 Upgrade Required\r\nContent-Length: 0\r\n\r\n");
      return false;
    }
    const accept = crypto.createHash("sha1").update(key + GUID).digest("base64");
    this.socket.write(
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n" +
        `Connection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`
    );
    return (this.open = true);
  }

  next() {
    const b = this.buffer;
    if (b.length < 2) return false;
    let at = 2;
    let n = b[1] & 0x7f;
    if (n === 126) {
      if (b.length < 4) return false;
      n = b.readUInt16BE(2);
      at = 4;
    } else if (n === 127) {
      if (b.length < 10) return false;
      n = Number(b.readBigUInt64BE(2));
      at = 10;
    }
    const fin = b[0] & 0x80;
    const opcode = b[0] & 0x0f;
    const known = [0, 1, 2, 8, 9, 10].includes(opcode);
    if (!(b[1] & 0x80) || b[0] & 0x70 || !known) return this.end(1002);
    if (opcode > 7 && (n > 125 || !fin)) return this.end(1002);
    if (opcode < 8 && n > LIMIT - this.kept) return this.end(1009);
    if (b.length < at + 4 + n) return false;
    const mask = b.subarray(at, at + 4);
    const payload = Buffer.from(b.subarray(at + 4, at + 4 + n));
    for (let i = 0; i < n; i++) payload[i] ^= mask[i % 4];
    this.buffer = b.subarray(at + 4 + n);
    return this.handle(fin, opcode, payload);
  }

  handle(fin, opcode, payload) {
    if (opcode === 8) {
      if (payload.length === 1) return this.end(1002);
      this.socket.end(frame(8, payload));
      return false;
    }
    if (opcode === 9) this.socket.write(frame(10, payload));
    if (opcode > 7) return true;
    if ((opcode === 0) !== (this.kind !== 0)) return this.end(1002);
    this.kind = this.kind || opcode;
    this.parts.push(payload);
    this.kept += payload.length;
    if (!fin) return true;
    let message = Buffer.concat(this.parts);
    if (this.kind === 1) {
      try {
        message = Buffer.from(new TextDecoder("utf-8", { fatal: true }).decode(message));
      } catch {
        return this.end(1007);
      }
    }
    this.socket.write(frame(this.kind, message));
    this.kind = 0;
    this.parts = [];
    this.kept = 0;
    return true;
  }

  end(code) {
    this.socket.end(close(code));
    return false;
  }
}

const [host, port] = process.argv.at(-1).split(":");
net.createServer((socket) => new Client(socket)).listen(Number(port), host);
