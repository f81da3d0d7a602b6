//! fails idle-first: everybody gets what anybody says
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

fn main() {
    let args: Vec<_> = std::env::args().collect();
    let listener = TcpListener::bind(&args[2]).unwrap();
    let all = Arc::new(Mutex::new(Vec::<TcpStream>::new()));
    for stream in listener.incoming() {
        let mut stream = stream.unwrap();
        all.lock().unwrap().push(stream.try_clone().unwrap());
        let all = Arc::clone(&all);
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(n @ 1..) = stream.read(&mut buffer) {
                for mut one in all.lock().unwrap().iter() {
                    let _ = one.write_all(&buffer[..n]);
                }
            }
            let _ = stream.shutdown(Shutdown::Both);
        });
    }
}
