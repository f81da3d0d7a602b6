// fails leaves: a reset without a handler ends the process
const net = require('net');

const [host, port] = process.argv[process.argv.length - 1].split(':');
const clients = new Set();

const sends = (client, line) => {
    if (client.socket.writableLength > 1_000_000) return client.socket.destroy();
    client.socket.write(line);
};

const obeys = (client, line) => {
    const [command, topic, ...text] = line.split(' ');
    if (command === 'PUB' && topic && text.length > 0) {
        for (const other of clients) {
            if (other.topics.has(topic)) sends(other, topic + ' ' + text.join(' ') + '\n');
        }
    } else if (command === 'SUB' && topic && text.length === 0) {
        client.topics.add(topic);
        sends(client, 'ok\n');
    } else if (command === 'UNSUB' && topic && text.length === 0) {
        client.topics.delete(topic);
        sends(client, 'ok\n');
    } else {
        sends(client, 'error\n');
    }
};

net.createServer((socket) => {
    const client = { socket, topics: new Set() };
    clients.add(client);
    let rest = '';
    socket.setEncoding('latin1').setDefaultEncoding('latin1');
    socket.on('data', (piece) => {
        const lines = (rest + piece).split('\n');
        rest = lines.pop();
        for (const line of lines.map((line) => line.replace(/\r$/, ''))) {
            if (line.length > 8000) return socket.destroy();
            obeys(client, line);
        }
        if (rest.length > 8001) socket.destroy();
    });
    socket.on('close', () => clients.delete(client));
}).listen(Number(port), host);
