//! Lesson 17: a bell, and three who want to know that it rings, in three ways.
//!
//! Each line shows which thread is at work, and by its indentation how deep it is in calls.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, ErrorKind, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{
    Receiver, Sender, SyncSender, TrySendError, channel, sync_channel,
};
use std::sync::{Condvar, Mutex, PoisonError};
use std::thread::{self, Builder};
use std::time::{Duration, Instant};

/// So much has room in a queue.
const ROOM: usize = 2;

fn main() -> io::Result<()> {
    println!("1. observers: the bell calls them");
    observers();
    println!("\n2. an event loop: readers put events into a queue, the loop takes them");
    event_loop()?;
    println!("\n3. publish/subscribe: a topic between them, and a queue for each");
    publish_and_subscribe()
}

/// The subject: it knows its observers, and calls them.
struct Bell<'a> {
    observers: Vec<&'a dyn Fn(&str)>,
}

impl Bell<'_> {
    fn press(&self, ring: &str) {
        for observer in &self.observers {
            observer(ring);
        }
    }
}

fn observers() {
    let (_nobody, answers) = channel();
    let phone = |ring: &str| phone(ring, &answers, Duration::from_millis(100));
    let bell = Bell { observers: vec![&lamp, &phone, &diary] };
    let begun = Instant::now();
    call("press(ring 1)", || bell.press("ring 1"));
    show(&format!("it has returned, after {} ms", begun.elapsed().as_millis()));
}

fn lamp(ring: &str) {
    call(&format!("lamp({ring})"), || {});
}

/// The slow one: somebody has to answer.
fn phone(ring: &str, answers: &Receiver<()>, patience: Duration) {
    call(&format!("phone({ring})"), || {
        show("waits for an answer");
        let _ = answers.recv_timeout(patience); // Or nobody is at home.
    });
}

fn diary(ring: &str) {
    call(&format!("diary({ring})"), || {});
}

/// Somebody has sent a line, or has ended the stream.
struct Event {
    who: &'static str,
    line: Option<String>,
}

fn event_loop() -> io::Result<()> {
    let listener = &TcpListener::bind("127.0.0.1:0")?;
    let (queue, events) = sync_channel(ROOM);
    let (answer, answers) = channel();
    thread::scope(|scope| {
        let thread = Builder::new().name("loop".to_owned());
        thread.spawn_scoped(scope, move || handle(events, &answers))?;
        let client = |who| {
            let client = TcpStream::connect(listener.local_addr()?)?;
            let (stream, _) = listener.accept()?;
            let thread = Builder::new().name(format!("{who}'s reader"));
            let queue = queue.clone();
            thread.spawn_scoped(scope, move || read(who, &stream, &queue))?;
            Ok::<_, io::Error>(client)
        };
        let (mut ann, mut bob) = (client("ann")?, client("bob")?);
        drop(queue); // The readers have theirs. When they end, so does the loop.

        ann.write_all(b"ring 1\n")?;
        after("waits for an answer");
        bob.write_all(b"ring 2\n")?;
        after("[* ]");
        drop(bob);
        after("[**]");
        ann.write_all(b"ring 3\n")?;
        after("[**]*");
        show("answers the phone, from now on at once");
        (1..=3).try_for_each(|_| answer.send(())).map_err(io::Error::other)?;
        after("diary(ring 3)");
        Ok(())
    })
}

/// How many events lie in the queue, or wait at its door.
static WAITING: AtomicUsize = AtomicUsize::new(0);

/// Calls nobody: puts into the queue what has happened to one client.
fn read(who: &'static str, stream: &TcpStream, queue: &SyncSender<Event>) {
    let lines = BufReader::new(stream).lines().map_while(Result::ok);
    for line in lines.map(Some).chain([None]) {
        let event = Event { who, line };
        let waiting = WAITING.fetch_add(1, Ordering::SeqCst) + 1;
        let words = with_queue("puts", &event, waiting);
        let put = show_and(&words, || queue.try_send(event));
        if let Err(TrySendError::Full(event)) = put {
            let _ = queue.send(event); // Waits for room. The loop lives longer.
        }
    }
}

/// The loop: it takes the next event and calls what is to be done, in one thread.
fn handle(events: Receiver<Event>, answers: &Receiver<()>) {
    for event in events {
        let waiting = WAITING.fetch_sub(1, Ordering::SeqCst) - 1;
        show(&with_queue("takes", &event, waiting));
        match event.line {
            Some(ring) => call("on_line", || {
                lamp(&ring);
                phone(&ring, answers, Duration::from_secs(10));
                diary(&ring);
            }),
            None => call("on_end", || {}),
        }
    }
}

/// Who publishes names a topic. Only the broker knows who has subscribed to it.
#[derive(Default)]
struct Broker {
    topics: BTreeMap<&'static str, Vec<(&'static str, Inbox)>>,
}

type Inbox = SyncSender<&'static str>;

impl Broker {
    fn subscribe(&mut self, topic: &'static str, name: &'static str, inbox: &Inbox) {
        self.topics.entry(topic).or_default().push((name, inbox.clone()));
    }

    /// Waits for nobody: what does not fit is lost.
    fn publish(&self, topic: &str, text: &'static str) {
        for (name, inbox) in self.topics.get(topic).into_iter().flatten() {
            match inbox.try_send(text) {
                Ok(()) => show(&format!("into the queue of {name}")),
                Err(_) => show(&format!("lost: the queue of {name} is full")),
            }
        }
    }
}

const SUBSCRIBERS: [(&str, &[&str]); 3] =
    [("lamp", &["door"]), ("phone", &["door"]), ("diary", &["door", "post"])];

/// What is published, and how many take it at once.
const NEWS: [(&str, &str, usize); 4] = [
    ("door", "ring 1", 3),
    ("door", "ring 2", 2),
    ("door", "ring 3", 2),
    ("post", "letter", 1),
];

fn publish_and_subscribe() -> io::Result<()> {
    let (taken, takings) = channel();
    let (answer, answers) = channel();
    let mut answers = Some(answers);
    let mut broker = Broker::default();
    thread::scope(|scope| {
        let mut threads = Vec::new();
        for (name, topics) in SUBSCRIBERS {
            let (inbox, queue) = sync_channel(1);
            topics.iter().for_each(|topic| broker.subscribe(topic, name, &inbox));
            let (taken, slow) = (taken.clone(), answers.take_if(|_| name == "phone"));
            let thread = Builder::new().name(name.to_owned());
            threads.push(thread.spawn_scoped(scope, move || take(queue, &taken, slow))?);
        }
        for (topic, text, takers) in NEWS {
            call(&format!("publish({topic}, {text})"), || broker.publish(topic, text));
            takings.iter().take(takers).for_each(drop);
        }
        drop((broker, answer)); // The queues end, and the phone need not wait any more.
        for thread in threads {
            let name = thread.thread().name().unwrap_or_default().to_owned();
            let taken = thread.join().map_err(|_| ErrorKind::Other)?;
            println!("  {name:<14}has taken {}", taken.join(", "));
        }
        Ok(())
    })
}

/// A subscriber: nobody calls it, it takes what lies in its queue.
fn take<'a>(
    queue: Receiver<&'a str>,
    taken: &Sender<()>,
    slow: Option<Receiver<()>>,
) -> Vec<&'a str> {
    let each = queue.iter().inspect(|_| {
        let _ = taken.send(()); // It is waited for, as long as there is news.
        let _ = slow.as_ref().map(Receiver::recv);
    });
    each.collect()
}

thread_local! {
    /// How deep this thread is in calls.
    static DEPTH: Cell<usize> = const { Cell::new(0) };
}

/// Makes a call, and shows it.
fn call(name: &str, body: impl FnOnce()) {
    show(name);
    DEPTH.set(DEPTH.get() + 1);
    body();
    DEPTH.set(DEPTH.get() - 1);
}

fn with_queue(does: &str, event: &Event, waiting: usize) -> String {
    let line = event.line.as_deref().unwrap_or("the end of the stream");
    let inside = "*".repeat(waiting.min(ROOM));
    let outside = "*".repeat(waiting.saturating_sub(ROOM));
    let words = format!("{does} {}: {line}", event.who);
    format!("{words:<34}[{inside:<ROOM$}]{outside}")
}

/// What was shown last, for those who wait for it.
static SHOWN: (Mutex<String>, Condvar) = (Mutex::new(String::new()), Condvar::new());

fn show(words: &str) {
    show_and(words, || {});
}

/// Shows it and does it in one step: whatever follows from it is shown later.
fn show_and<T>(words: &str, act: impl FnOnce() -> T) -> T {
    let mut shown = SHOWN.0.lock().unwrap_or_else(PoisonError::into_inner);
    let thread = thread::current();
    let depth = 2 * DEPTH.get();
    println!("  {:<14}{:depth$}{words}", thread.name().unwrap_or_default(), "");
    *shown = words.to_owned();
    SHOWN.1.notify_all();
    act()
}

/// Waits until a line with this end has been shown.
fn after(end: &str) {
    let shown = SHOWN.0.lock().unwrap_or_else(PoisonError::into_inner);
    drop(SHOWN.1.wait_while(shown, |shown| !shown.ends_with(end)));
}
