//! The guest list of a server: who is being served, so that stopping can reach them.
//!
//! The one lock of the project. It is held for the moment of coming or going, and by the
//! thread that says goodbye to all.

use std::collections::BTreeMap;
use std::net::TcpStream;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Numbers for clients, from 1. A server with two doors has one row of numbers.
#[derive(Clone, Debug, Default)]
pub struct Numbers(Arc<AtomicU32>);

impl Numbers {
    fn next(&self) -> u32 {
        self.0.fetch_add(1, Ordering::Relaxed) + 1
    }
}

/// The clients of one server.
#[derive(Debug)]
pub struct Clients {
    room: usize,
    numbers: Numbers,
    list: Mutex<List>,
    someone_left: Condvar,
}

#[derive(Debug, Default)]
struct List {
    present: BTreeMap<u32, Arc<TcpStream>>,
    /// Descriptors in the hands of clients: a place is free before its stream is closed.
    open: usize,
    left: u64,
    left_noticed: u64,
    awaited: bool,
    closing: bool,
}

impl Clients {
    /// An empty list with `room` places.
    pub fn with_room_for(room: usize, numbers: &Numbers) -> Clients {
        let (list, numbers) = (Mutex::default(), numbers.clone());
        Clients { room, numbers, list, someone_left: Condvar::new() }
    }

    /// Gives the newcomer a number and a place, or gives the stream back: we are full, or
    /// about to stop.
    pub fn enter(&self, stream: TcpStream) -> Result<(u32, Arc<TcpStream>), TcpStream> {
        let mut list = self.list();
        if list.closing || list.present.len() >= self.room {
            return Err(stream);
        }
        list.open += 1;
        let (number, stream) = (self.numbers.next(), Arc::new(stream));
        list.present.insert(number, Arc::clone(&stream));
        Ok((number, stream))
    }

    /// Takes `number` off the list. From then on only its own thread has the stream.
    pub fn forget(&self, number: u32) -> Option<Arc<TcpStream>> {
        self.list().present.remove(&number)
    }

    /// To be called once the stream of a forgotten client is closed.
    pub fn tell_of_leaving(&self) {
        let mut list = self.list();
        list.left += 1;
        list.open -= 1;
        if list.awaited {
            self.someone_left.notify_all(); // A system call: only if somebody listens.
        }
    }

    /// From now on nobody enters.
    pub fn close_the_door(&self) {
        self.list().closing = true;
    }

    /// Has the door been closed?
    pub fn closing(&self) -> bool {
        self.list().closing
    }

    /// How many are being served.
    pub fn count(&self) -> usize {
        self.list().present.len()
    }

    /// Visits everybody, in the order in which they came.
    pub fn each(&self, mut visit: impl FnMut(u32, &TcpStream)) {
        for (number, stream) in &self.list().present {
            visit(*number, stream);
        }
    }

    /// Sleeps until somebody has left, unless somebody has since the last call. False if
    /// nobody is there who could leave.
    pub fn wait_for_a_place(&self) -> bool {
        let waited = self.someone_left.wait_while(self.list(), |list| {
            list.awaited = true;
            list.left == list.left_noticed && list.open > 0
        });
        let mut list = waited.unwrap_or_else(PoisonError::into_inner);
        let someone_left = list.left != list.left_noticed;
        list.left_noticed = list.left;
        someone_left
    }

    /// Sleeps until all have left, at most for `grace`. Says whether they have.
    pub fn wait_until_empty(&self, grace: Duration) -> bool {
        let waited = self
            .someone_left
            .wait_timeout_while(self.list(), grace, |list| {
                list.awaited = true;
                list.open > 0
            })
            .unwrap_or_else(PoisonError::into_inner);
        waited.0.open == 0
    }

    /// A thread that panicked left the list as it was: every change is a single step.
    fn list(&self) -> MutexGuard<'_, List> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
