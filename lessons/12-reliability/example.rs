//! Lesson 12: a text crosses a bad network, in three ways: only sent, sent until it is
//! acknowledged, and with numbers as well. One thread plays the sender, the network and
//! the receiver, so that the lines come in the order of events. The network's faults come
//! from a seed: each run has the same.

use std::io::{self, ErrorKind::TimedOut, ErrorKind::WouldBlock};
use std::net::UdpSocket;
use std::time::Duration;

const TEXT: [&str; 5] = ["one", "two", "three", "four", "five"];
/// How long the sender waits for an acknowledgement.
const PATIENCE: Duration = Duration::from_millis(100);

fn main() -> io::Result<()> {
    only_send()?;
    with_acknowledgements()?;
    with_numbers()
}

fn only_send() -> io::Result<()> {
    println!("only send");
    let mut talk = Talk::new(95)?;
    let mut written = Vec::new();
    for word in TEXT {
        talk.sends(word, |word| {
            written.push(word.to_owned());
            ("written", None)
        })?;
    }
    talk.ends(&written);
    Ok(())
}

fn with_acknowledgements() -> io::Result<()> {
    println!("\nwith acknowledgements");
    let mut talk = Talk::new(754)?;
    let mut written = Vec::new();
    for word in TEXT {
        loop {
            talk.sends(word, |word| {
                written.push(word.to_owned());
                ("written", Some("ok".to_owned()))
            })?;
            if talk.hears()?.is_some() {
                break;
            }
        }
    }
    talk.ends(&written);
    Ok(())
}

fn with_numbers() -> io::Result<()> {
    println!("\nwith acknowledgements and numbers");
    let mut talk = Talk::new(201)?;
    let mut receiver = Receiver::default();
    for (number, word) in (1..).zip(TEXT) {
        let block = format!("{number} {word}");
        let wanted = format!("ok {number}");
        'again: loop {
            talk.sends(&block, |block| receiver.takes(block))?;
            while let Some(answer) = talk.hears()? {
                // Of an earlier block there may be one more: it says nothing new.
                if answer == wanted {
                    break 'again;
                }
            }
        }
    }
    talk.ends(&receiver.written);
    Ok(())
}

/// Knows which blocks it has had: all up to a number.
#[derive(Default)]
struct Receiver {
    had: usize,
    written: Vec<String>,
}

impl Receiver {
    fn takes(&mut self, block: &str) -> (&'static str, Option<String>) {
        let (number, word) = block.split_once(' ').unwrap_or_default();
        let mut note = "had it";
        if number.parse() == Ok(self.had + 1) {
            self.had += 1;
            self.written.push(word.to_owned());
            note = "written";
        }
        // Again, too: perhaps the first acknowledgement was lost.
        (note, Some(format!("ok {number}")))
    }
}

/// Two sockets, and a bad network in each direction between them.
struct Talk {
    sender: UdpSocket,
    receiver: UdpSocket,
    there: Network,
    back: Network,
    sent: usize,
}

impl Talk {
    fn new(seed: u64) -> io::Result<Talk> {
        let sender = UdpSocket::bind("127.0.0.1:0")?;
        let receiver = UdpSocket::bind("127.0.0.1:0")?;
        sender.connect(receiver.local_addr()?)?;
        receiver.connect(sender.local_addr()?)?;
        sender.set_read_timeout(Some(PATIENCE))?;
        let there = Network { dice: Dice(seed), kept: None };
        let back = Network { dice: Dice(!seed), kept: None };
        Ok(Talk { sender, receiver, there, back, sent: 0 })
    }

    /// Sends one datagram. The receiver takes what arrives, and may answer.
    fn sends(
        &mut self,
        datagram: &str,
        mut takes: impl FnMut(&str) -> (&'static str, Option<String>),
    ) -> io::Result<()> {
        self.sent += 1;
        let mut left = datagram;
        for way in self.there.carries(&self.sender, datagram)? {
            let (note, answer) = match way.arrives() {
                true => takes(&receive(&self.receiver)?),
                false => ("", None),
            };
            show(left, way.arrows().0, note);
            left = ""; // The arrows that follow belong to this datagram, too.
            let Some(answer) = answer else { continue };
            for way in self.back.carries(&self.receiver, &answer)? {
                show("", way.arrows().1, &answer);
            }
        }
        Ok(())
    }

    /// The next answer, or nothing for as long as the sender has patience.
    fn hears(&self) -> io::Result<Option<String>> {
        match receive(&self.sender) {
            Ok(answer) => Ok(Some(answer)),
            Err(error) if matches!(error.kind(), WouldBlock | TimedOut) => {
                println!("  nothing for {} ms", PATIENCE.as_millis());
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    fn ends(&self, written: &[String]) {
        println!("  = {} datagrams, \"{}\"", self.sent, written.join(" "));
    }
}

fn receive(socket: &UdpSocket) -> io::Result<String> {
    let mut buffer = [0; 64];
    let n = socket.recv(&mut buffer)?;
    Ok(String::from_utf8_lossy(&buffer[..n]).into_owned())
}

fn show(left: &str, arrow: &str, right: &str) {
    println!("{}", format!("  {left:8} {arrow}  {right}").trim_end());
}

/// One direction of the network.
struct Network {
    dice: Dice,
    kept: Option<String>,
}

/// What becomes of a datagram.
#[derive(Clone, Copy)]
enum Way {
    Through,
    Lost,
    Kept,
    Late,
}

impl Network {
    /// Loses every fifth datagram or so, doubles some, and lets some be overtaken.
    fn carries(&mut self, from: &UdpSocket, datagram: &str) -> io::Result<Vec<Way>> {
        let late = self.kept.take();
        let mut ways = match self.dice.throw() {
            0..20 => vec![Way::Lost],
            20..35 => vec![Way::Through, Way::Through],
            35..50 if late.is_none() => vec![Way::Kept],
            _ => vec![Way::Through],
        };
        for way in &ways {
            match way {
                Way::Kept => self.kept = Some(datagram.to_owned()),
                Way::Lost => {}
                _ => _ = from.send(datagram.as_bytes())?,
            }
        }
        if let Some(late) = late {
            from.send(late.as_bytes())?;
            ways.push(Way::Late);
        }
        Ok(ways)
    }
}

impl Way {
    fn arrives(self) -> bool {
        matches!(self, Way::Through | Way::Late)
    }

    /// To the right, and to the left.
    fn arrows(self) -> (&'static str, &'static str) {
        match self {
            Way::Through => ("────────────────────►", "◄────────────────────"),
            Way::Lost => ("──────────✗", "          ✗──────────"),
            Way::Kept => ("──────────╮", "          ╭──────────"),
            Way::Late => ("          ╰─────────►", "◄─────────╯          "),
        }
    }
}

/// The next number of a long row that looks random, from 0 to 99.
struct Dice(u64);

impl Dice {
    fn throw(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.0 >> 33) % 100
    }
}
