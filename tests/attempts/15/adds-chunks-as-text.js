// fails newer: text += chunk makes text of each piece, and a letter may be cut in two
const http = require("http");

const pieces = [];
const waiting = new Set();

function lines(after) {
  return pieces.slice(after).map((text, i) => `${after + i + 1} ${text}\n`).join("");
}

function answer(response, status, body) {
  response.writeHead(status, body ? { "Content-Length": Buffer.byteLength(body) } : {});
  response.end(body);
}

const server = http.createServer((request, response) => {
  const url = new URL(request.url, "http://localhost");
  let body = "";
  request.on("data", (piece) => (body += piece));
  request.on("end", () => {
    if (request.method === "POST" && url.pathname === "/news") {
      pieces.push(body);
      answer(response, 201, `${pieces.length}\n`);
      for (const look of [...waiting]) look();
    } else if (url.pathname === "/wait") {
      wait(response, Number(url.searchParams.get("after")), Number(url.searchParams.get("limit")));
    } else {
      answer(response, 404, "");
    }
  });
});

function wait(response, after, limit) {
  if (pieces.length > after) return answer(response, 200, lines(after));
  const done = (status) => {
    waiting.delete(look);
    clearTimeout(timer);
    answer(response, status, status === 200 ? lines(after) : "");
  };
  const look = () => pieces.length > after && done(200);
  const timer = setTimeout(() => done(204), limit);
  waiting.add(look);
  response.on("close", () => {
    waiting.delete(look);
    clearTimeout(timer);
  });
}

const [host, port] = process.argv[process.argv.length - 1].split(":");
server.listen(Number(port), host);
