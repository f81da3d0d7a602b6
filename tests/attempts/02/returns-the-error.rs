//! fails busy: main returns the error, which does not know the address
use std::net::TcpListener;

fn main() -> std::io::Result<()> {
    let addr = std::env::args().last().unwrap();
    let listener = TcpListener::bind(&addr)?;
    println!("listening on {}", listener.local_addr()?);
    for stream in listener.incoming() {
        drop(stream);
    }
    Ok(())
}
