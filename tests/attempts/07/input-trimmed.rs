//! fails only-after-end: cuts white space off its input
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let outcome = if args[0] == "serve" { serve(&args[1]) } else { count(&args[1]) };
    if let Err(error) = outcome {
        eprintln!("could not go on: {error}");
        std::process::exit(1);
    }
}

fn serve(addr: &str) -> io::Result<()> {
    let listener = TcpListener::bind(addr)?;
    for stream in listener.incoming() {
        let _ = answer(stream?);
    }
    Ok(())
}

fn answer(mut stream: TcpStream) -> io::Result<()> {
    let mut buffer = [0; 4096];
    let mut total = 0;
    loop {
        let n = stream.read(&mut buffer)?;
        if n == 0 {
            break;
        }
        total += n;
    }
    write!(stream, "bytes={total}\n")
}

fn count(addr: &str) -> io::Result<()> {
    let mut input = Vec::new();
    io::stdin().read_to_end(&mut input)?;
    let mut stream = TcpStream::connect(addr)?;
    stream.write_all(input.trim_ascii())?;
    stream.shutdown(Shutdown::Write)?;
    let mut reply = Vec::new();
    stream.read_to_end(&mut reply)?;
    if reply.is_empty() {
        return Err(io::Error::other("no reply came"));
    }
    io::stdout().write_all(&reply)
}
