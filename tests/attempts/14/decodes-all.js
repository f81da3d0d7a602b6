// fails not-there: decodeURIComponent throws, and the program ends
const fs = require('fs');
const http = require('http');
const path = require('path');

const [folder, addr] = process.argv.slice(-2);
const colon = addr.lastIndexOf(':');

const server = http.createServer((request, response) => {
  if (request.method !== 'GET') {
    response.writeHead(405, { 'Content-Length': 0, Connection: 'close' });
    response.end();
    return;
  }
  const name = path.join(folder, decodeURIComponent(request.url).replaceAll('\0', '/'));
  const inside = !decodeURIComponent(request.url).split('/').includes('..');
  fs.readFile(name, (error, body) => {
    const found = inside && !error;
    const bytes = found ? body : Buffer.from('not found');
    response.writeHead(found ? 200 : 404, { 'Content-Length': bytes.length });
    response.end(bytes);
  });
});
server.listen(Number(addr.slice(colon + 1)), addr.slice(0, colon));
