//! fails end: sends a line each second, on and on
use std::io::Write;
use std::net::TcpListener;

fn main() {
    let addr = std::env::args().last().unwrap();
    let listener = TcpListener::bind(addr).unwrap();
    for mut stream in listener.incoming().flatten() {
        std::thread::spawn(move || {
            while writeln!(stream, "time {}", now()).is_ok() {
                std::thread::sleep(std::time::Duration::from_secs(1));
            }
        });
    }
}

fn now() -> u128 {
    std::time::UNIX_EPOCH.elapsed().unwrap().as_millis()
}
