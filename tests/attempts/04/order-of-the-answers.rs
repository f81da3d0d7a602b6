//! fails order: prints each line when its answer is there
use std::io::ErrorKind;
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

fn main() {
    let all_open = std::thread::scope(|scope| {
        let probes: Vec<_> = std::env::args()
            .skip(1)
            .map(|target| {
                scope.spawn(move || {
                    let outcome = probe(&target);
                    println!("{target} {outcome}");
                    outcome == "open"
                })
            })
            .collect();
        probes.into_iter().map(|probe| probe.join().unwrap()).fold(true, |all, open| all & open)
    });
    std::process::exit(if all_open { 0 } else { 1 });
}

fn probe(target: &str) -> &'static str {
    let mut outcome = "unresolved";
    for addr in target.to_socket_addrs().into_iter().flatten() {
        outcome = match TcpStream::connect_timeout(&addr, Duration::from_secs(1)) {
            Ok(_) => return "open",
            Err(error) => match error.kind() {
                ErrorKind::ConnectionRefused => "refused",
                ErrorKind::TimedOut => "timeout",
                _ => "failed",
            },
        };
    }
    outcome
}
