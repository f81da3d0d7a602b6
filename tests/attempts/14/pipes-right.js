// passes: reads the file as a stream, to its end and not to its length
const fs = require('fs');
const http = require('http');
const path = require('path');
const stream = require('stream');

const [folder, addr] = process.argv.slice(-2);
const colon = addr.lastIndexOf(':');

const server = http.createServer((request, response) => {
  if (request.method !== 'GET') {
    response.writeHead(405, { 'Content-Length': 0, Connection: 'close' });
    response.end();
    return;
  }
  const name = path.join(folder, request.url);
  const inside = !request.url.split('/').includes('..');
  fs.stat(name.replaceAll('\0', '/'), (error, stat) => {
    if (!inside || error || !stat.isFile()) {
      response.writeHead(404, { 'Content-Length': 0 });
      response.end();
      return;
    }
    response.writeHead(200, { 'Content-Length': stat.size });
    stream.pipeline(fs.createReadStream(name), response, () => {});
  });
});
server.listen(Number(addr.slice(colon + 1)), addr.slice(0, colon));
