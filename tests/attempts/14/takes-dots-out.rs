//! fails outside: takes /../ out of the path, once
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let folder = args[args.len() - 2].clone();
    let listener = TcpListener::bind(args.last().unwrap()).unwrap();
    for stream in listener.incoming() {
        let folder = folder.clone();
        std::thread::spawn(move || {
            if let Ok(stream) = stream {
                serve(stream, &folder);
            }
        });
    }
}

fn serve(mut stream: TcpStream, folder: &str) {
    let mut buffer = Vec::new();
    loop {
        let end = loop {
            if let Some(at) = buffer.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                break at + 4;
            }
            if buffer.len() > 64 * 1024 {
                return;
            }
            let mut piece = [0; 4096];
            match stream.read(&mut piece) {
                Ok(0) | Err(_) => return,
                Ok(n) => buffer.extend(&piece[..n]),
            }
        };
        let head = String::from_utf8_lossy(&buffer[..end]).into_owned();
        buffer.drain(..end);
        let first: Vec<&str> = head.lines().next().unwrap().split(' ').collect();
        if first.len() != 3 || first[0] != "GET" {
            let _ = answer(&mut stream, "400 Bad Request", b"no GET");
            return;
        }
        let path = first[1];
        let answered = match file(folder, path) {
            Some(body) => answer(&mut stream, "200 OK", &body),
            None => answer(&mut stream, "404 Not Found", b"not found"),
        };
        if answered.is_err() || head.lines().any(closes) {
            return;
        }
    }
}

fn closes(line: &str) -> bool {
    let line = line.to_lowercase();
    line.starts_with("connection:") && line[11..].trim() == "close"
}

fn file(folder: &str, path: &str) -> Option<Vec<u8>> {
    let path = path.replace("/../", "/");
    std::fs::read(format!("{folder}{path}")).ok()
}

fn answer(stream: &mut TcpStream, status: &str, body: &[u8]) -> std::io::Result<()> {
    let length = body.len();
    write!(stream, "HTTP/1.1 {status}\r\nContent-Length: {length}\r\n\r\n")?;
    stream.write_all(body)
}
