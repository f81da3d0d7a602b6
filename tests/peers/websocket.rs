//! `ws-server` and `ws-client` against the Autobahn test suite and peers in other languages.
//! `.ci/peers` installs them.

use std::fs;
use std::io::{Read, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use crate::harness::{Ended, Program, Scratch, connect, run, sockdemo};
use crate::{Test, installed};

pub const TESTS: &[Test] = &[
    Test {
        name: "websocket: the server passes all cases of Autobahn",
        needs: &["target/peers/autobahn", "unshare", "ip", "root"],
        run: the_server_passes_all_cases_of_autobahn,
    },
    Test {
        name: "websocket: the client passes all cases of Autobahn",
        needs: &["target/peers/autobahn", "unshare", "ip", "root"],
        run: the_client_passes_all_cases_of_autobahn,
    },
    Test {
        name: "websocket: Python's websockets, on both sides",
        needs: &["python3", "target/peers/python"],
        run: pythons_websockets_on_both_sides,
    },
    Test {
        name: "websocket: the ws of npm, on both sides",
        needs: &["node", "target/peers/node"],
        run: the_ws_of_npm_on_both_sides,
    },
    Test {
        name: "websocket: libcurl",
        needs: &["python3", "target/peers/python"],
        run: libcurl,
    },
    Test {
        name: "websocket: what is announced and does not come takes no memory",
        needs: &[],
        run: what_is_announced_and_does_not_come_takes_no_memory,
    },
];

/// All but those about compression, which we do not offer: 12 and 13.
const CASES: usize = 301;

/// In a network of its own, because the suite listens on every address.
fn in_its_own_network(script: &str) -> Ended {
    let mut command = Command::new("unshare");
    command.args(["-n", "bash", "-c", &format!("ip link set lo up\n{script}")]);
    command.env("WSTEST", installed("autobahn").join("bin/wstest"));
    command.env("SOCKDEMO", sockdemo());
    Program::run(command).end_within(Duration::from_secs(240))
}

/// The exit code of the suite says nothing, and an empty report looks like a good one.
fn judge(folder: &Scratch, ended: &Ended) {
    let index = PathBuf::from(folder.path()).join("reports/index.json");
    let index = fs::read_to_string(index).unwrap_or_else(|e| panic!("{e}: {ended:?}"));
    let index: Value = serde_json::from_str(&index).unwrap();
    let cases = index["sockdemo"].as_object().unwrap_or_else(|| panic!("{ended:?}"));
    assert_eq!(cases.len(), CASES, "{ended:?}");
    for (case, verdict) in cases {
        let [behaviour, close] =
            ["behavior", "behaviorClose"].map(|key| verdict[key].as_str());
        // Three cases have no right answer: what happens when a peer breaks off.
        let informational = ["7.1.6", "7.13.1", "7.13.2"].contains(&case.as_str());
        let good = if informational { Some("INFORMATIONAL") } else { Some("OK") };
        assert_eq!((behaviour, close), (good, good), "case {case}: {verdict}");
    }
    fs::remove_dir_all(folder.path()).unwrap();
}

fn the_server_passes_all_cases_of_autobahn() {
    let folder = Scratch::new();
    fs::create_dir(folder.path()).unwrap();
    let script = r#"
        cd "$FOLDER"
        "$SOCKDEMO" ws-server :0 --quiet >listening & server=$!
        until [ -s listening ]; do read -t 0.05 <> <(:) || true; done
        url="ws://$(sed 's/listening on //' listening)"
        cat >wstest.json <<END
{"outdir": "reports", "servers": [{"agent": "sockdemo", "url": "$url"}], "cases": ["*"],
 "exclude-cases": ["12.*", "13.*"], "exclude-agent-cases": {}}
END
        "$WSTEST" -m fuzzingclient -s wstest.json
        kill $server
        wait $server; echo "server: $?"
    "#;
    let ended = in_its_own_network(&script.replace("$FOLDER", folder.path()));
    judge(&folder, &ended);
    assert!(ended.stdout.contains("server: 0"), "{ended:?}");
}

fn the_client_passes_all_cases_of_autobahn() {
    let folder = Scratch::new();
    fs::create_dir(folder.path()).unwrap();
    let script = r#"
        cd "$FOLDER"
        cat >wstest.json <<END
{"url": "ws://127.0.0.1:9001", "outdir": "reports", "cases": ["*"],
 "exclude-cases": ["12.*", "13.*"], "exclude-agent-cases": {}}
END
        "$WSTEST" -m fuzzingserver -u 0 -s wstest.json & suite=$!
        client() { "$SOCKDEMO" ws-client --quiet --echo "ws://127.0.0.1:9001/$1" 2>>errors; }
        until cases=$(client getCaseCount); do read -t 0.2 <> <(:) || true; done
        for case in $(seq $cases); do
            client "runCase?case=$case&agent=sockdemo" >/dev/null
            [ $? -le 1 ] || echo "case $case: no exit code of ours"
        done
        client "updateReports?agent=sockdemo"
        kill $suite
        ! grep -q panicked errors
        echo "client: $?"
    "#;
    let ended = in_its_own_network(&script.replace("$FOLDER", folder.path()));
    judge(&folder, &ended);
    assert!(ended.stdout.contains("client: 0"), "{ended:?}");
    assert!(!ended.stdout.contains("no exit code"), "{ended:?}");
}

fn server() -> (Program, String) {
    let (server, addr) = Program::server(&["ws-server", ":0", "--quiet"]);
    (server, format!("ws://{addr}"))
}

/// Runs our client against a foreign server that prints its port, and which sends `welcome`,
/// echoes, and closes with 4000 when it hears `bye`.
fn has_our_client(mut foreign: Program) {
    let port = foreign.wait_for_output("\n");
    let url = format!("ws://127.0.0.1:{}", port.trim());
    let mut client = Program::start(&["ws-client", "--quiet", &url, "--ping", "hey"]);
    client.wait_for_output("welcome\n");
    client.wait_for_output("pong: hey\n");
    for line in ["日本\n", "longer\n"] {
        client.input(line.as_bytes());
        client.wait_for_output(line);
    }
    client.input(b"bye\n");
    let client = client.end();
    assert_eq!(client.code(), Some(1));
    assert!(
        client.stderr.contains("4000") && client.stderr.contains("enough"),
        "{client:?}"
    );

    // It answers our close frame at once, and whatever it was to say is lost, unless the
    // client waits for it.
    let words = ["ws-client", "--quiet", &url, "--wait", "1", "-m", "hello"];
    let client = run(&words, b"");
    assert_eq!((client.code(), client.stdout.as_str()), (Some(0), "welcome\nhello\n"));
}

fn python(program: &str, args: &[&str]) -> Program {
    let mut command = Command::new("python3");
    command.env("PYTHONPATH", installed("python")).args(["-c", program]).args(args);
    Program::run(command)
}

fn pythons_websockets_on_both_sides() {
    let (_server, url) = server();
    let program = "
import sys
from websockets.sync.client import connect
with connect(sys.argv[1], compression=None, max_size=None) as peer:
    for message in ['hello', '', 'x' * 70000, b'\\x00\\xff', '日本' * 300000]:
        peer.send(message)
        assert peer.recv() == message, message[:50]
    peer.send(['in ', 'three ', 'frames'])
    assert peer.recv() == 'in three frames'
    assert peer.ping(b'ping').wait(10)
assert (peer.close_code, peer.close_reason) == (1000, ''), peer.close_code
# The extension that it offers by default is not agreed on, and it goes on without.
with connect(sys.argv[1]) as peer:
    assert peer.response.headers.get('Sec-WebSocket-Extensions') is None
    peer.send('plain')
    print(peer.recv())
";
    let client = python(program, &[&url]).end();
    assert_eq!(
        (client.code(), client.stdout.as_str()),
        (Some(0), "plain\n"),
        "{client:?}"
    );

    let program = "
from websockets.sync.server import serve
def talk(peer):
    peer.send('welcome')
    for message in peer:
        if message == 'bye':
            peer.close(4000, 'enough')
            return
        peer.send(message)
with serve(talk, '127.0.0.1', 0) as server:
    print(server.socket.getsockname()[1], flush=True)
    server.serve_forever()
";
    has_our_client(python(program, &[]));
}

fn node(program: &str, args: &[&str]) -> Program {
    let mut command = Command::new("node");
    command.current_dir(installed("node")).args(["-e", program]).args(args);
    Program::run(command)
}

fn the_ws_of_npm_on_both_sides() {
    let (_server, url) = server();
    let program = "
const WebSocket = require('ws');
const peer = new WebSocket(process.argv[1]);
const messages = ['hello', '', 'x'.repeat(70000), Buffer.from([0, 255]), '日本'.repeat(300000)];
let next = 0, pong = false;
peer.on('open', () => { peer.ping('ping'); peer.send(messages[0]); });
peer.on('pong', data => { pong = data.toString() === 'ping'; });
peer.on('message', (data, binary) => {
  const sent = messages[next];
  if (binary !== Buffer.isBuffer(sent) || !data.equals(Buffer.from(sent))) throw Error(next);
  if (++next < messages.length) peer.send(messages[next]);
  else peer.close(1000, 'done');
});
peer.on('close', code => console.log(code, pong, JSON.stringify(peer.extensions)));
";
    let client = node(program, &[&url]).end();
    assert_eq!(client.stdout, "1000 true \"\"\n", "{client:?}");

    let program = "
const { WebSocketServer } = require('ws');
const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
server.on('listening', () => console.log(server.address().port));
server.on('connection', peer => {
  peer.send('welcome');
  peer.on('message', (data, binary) => {
    if (data.toString() === 'bye') peer.close(4000, 'enough');
    else peer.send(data, { binary });
  });
});
";
    has_our_client(node(program, &[]));
}

fn libcurl() {
    let (_server, url) = server();
    let program = "
import select, sys, pycurl
curl = pycurl.Curl()
curl.setopt(pycurl.URL, sys.argv[1])
curl.setopt(pycurl.CONNECT_ONLY, 2)
curl.perform()
curl.ws_send(b'hello', pycurl.WS_TEXT)
select.select([curl.getinfo(pycurl.ACTIVESOCKET)], [], [], 20)
data, meta = curl.ws_recv(100)
print(data.decode())
curl.ws_send(b'\\x03\\xe8', pycurl.WS_CLOSE)
";
    let client = python(program, &[&url]).end();
    assert_eq!(
        (client.code(), client.stdout.as_str()),
        (Some(0), "hello\n"),
        "{client:?}"
    );
}

fn memory(program: &Program) -> usize {
    let status = fs::read_to_string(format!("/proc/{}/status", program.pid())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// A client that has sent its request and got its answer.
fn upgraded(addr: SocketAddr) -> std::net::TcpStream {
    let mut stream = connect(addr);
    let request = format!(
        "GET / HTTP/1.1\r\nHost: {addr}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        answer.extend(byte);
    }
    stream
}

fn what_is_announced_and_does_not_come_takes_no_memory() {
    let (server, addr) = Program::server(&["ws-server", ":0", "--quiet"]);
    let warm = upgraded(addr);
    let before = memory(&server);
    // A hundred times 16 MiB, of which ten bytes come.
    let announced = b"\x82\xff\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00ten bytes.";
    let clients: Vec<_> = (0..100).map(|_| upgraded(addr)).collect();
    for mut client in &clients {
        client.write_all(announced).unwrap();
    }
    // And one who sends fragments without an end, all of them empty.
    let mut endless = upgraded(addr);
    endless.write_all(b"\x01\x80\x00\x00\x00\x00").unwrap();
    let empty = b"\x00\x80\x00\x00\x00\x00".repeat(10_000);
    for _ in 0..100 {
        endless.write_all(&empty).unwrap();
    }
    // Whoever is answered was heard with all before it.
    endless.write_all(b"\x89\x80\x00\x00\x00\x00").unwrap();
    let mut pong = [0; 2];
    endless.read_exact(&mut pong).unwrap();
    assert_eq!(&pong, b"\x8a\x00");
    let grown = memory(&server).saturating_sub(before);
    assert!(grown < 16 * 1024, "{grown} kB");
    drop((warm, clients));
    let ended = server.stop();
    assert_eq!((ended.code(), ended.stderr.as_str()), (Some(0), ""));
}
