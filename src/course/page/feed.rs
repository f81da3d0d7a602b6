//! News, numbered from 1, and the threads that wait for more.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde::Serialize;

/// Older news is forgotten. Whoever was away for longer sees it by the numbers.
const KEPT: usize = 1000;

/// How long the end waits for the readers' last words.
const GRACE: Duration = Duration::from_millis(500);

/// A feed that many threads read. Each waits in it for as long as it likes, and all of them
/// are woken by the next piece of news.
#[derive(Debug, Default)]
pub(crate) struct Feed {
    news: Mutex<News>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct News {
    /// How many have been forgotten.
    gone: u64,
    kept: VecDeque<String>,
    readers: usize,
    over: bool,
}

/// One piece of news.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Item {
    pub(crate) id: u64,
    pub(crate) text: String,
}

/// What came of waiting.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Waited {
    For(Vec<Item>),
    InVain,
    /// Nothing more will come: the server is stopping.
    Over,
}

impl Feed {
    /// Tells everybody, and gives the number.
    pub(crate) fn publish(&self, text: &str) -> u64 {
        let mut news = self.news();
        news.kept.push_back(text.to_owned());
        if news.kept.len() > KEPT {
            news.kept.pop_front();
            news.gone += 1;
        }
        self.changed.notify_all();
        news.last()
    }

    /// What is newer than number `id`. Waits for nothing.
    pub(crate) fn after(&self, id: u64) -> Vec<Item> {
        self.news().after(id)
    }

    /// The number of the newest.
    pub(crate) fn last(&self) -> u64 {
        self.news().last()
    }

    /// Somebody who is going to wait for news.
    pub(crate) fn reader(&self) -> Reader<'_> {
        self.news().readers += 1;
        self.changed.notify_all();
        Reader(self)
    }

    /// Sleeps until there are so many readers, or until nothing more will come.
    pub(crate) fn wait_for_readers(&self, number: usize) {
        let missing = |news: &mut News| !news.over && news.readers < number;
        drop(self.changed.wait_while(self.news(), missing));
    }

    /// Has everybody who waits look whether he is called away.
    pub(crate) fn wake(&self) {
        let _news = self.news(); // Nobody is between looking and sleeping.
        self.changed.notify_all();
    }

    /// Sends everybody home who waits, and gives them a moment for their last words.
    pub(crate) fn close(&self) {
        let mut news = self.news();
        news.over = true;
        self.changed.notify_all();
        let deadline = Instant::now() + GRACE;
        let left = deadline.saturating_duration_since(Instant::now());
        let _ = self.changed.wait_timeout_while(news, left, |news| news.readers > 0);
    }

    fn news(&self) -> MutexGuard<'_, News> {
        self.news.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Somebody who waits for news. The end of the feed waits until he is gone: an answer, or
/// the end of one, is sent before.
#[derive(Debug)]
pub(crate) struct Reader<'a>(&'a Feed);

impl Reader<'_> {
    /// Sleeps until there is something newer than number `id`, for `limit` at most.
    pub(crate) fn wait(&self, id: u64, limit: Duration) -> Waited {
        self.wait_unless(id, limit, || false)
    }

    /// The same for somebody who may be called away: see [`Feed::wake`].
    pub(crate) fn wait_unless(
        &self,
        id: u64,
        limit: Duration,
        called_away: impl Fn() -> bool,
    ) -> Waited {
        let Reader(feed) = self;
        let quiet =
            |news: &mut News| !news.over && !called_away() && news.after(id).is_empty();
        let (news, _) = feed
            .changed
            .wait_timeout_while(feed.news(), limit, quiet)
            .unwrap_or_else(PoisonError::into_inner);
        match news.after(id) {
            _ if news.over => Waited::Over,
            items if items.is_empty() => Waited::InVain,
            items => Waited::For(items),
        }
    }
}

impl Drop for Reader<'_> {
    fn drop(&mut self) {
        self.0.news().readers -= 1;
        self.0.changed.notify_all();
    }
}

impl News {
    fn last(&self) -> u64 {
        self.gone + self.kept.len() as u64
    }

    fn after(&self, id: u64) -> Vec<Item> {
        // A number that we have not reached is from before a restart: begin anew.
        let id = if id > self.last() { 0 } else { id };
        let known = usize::try_from(id.saturating_sub(self.gone)).unwrap_or(usize::MAX);
        let texts = self.kept.iter().enumerate().skip(known);
        let item = |(i, text): (usize, &String)| Item {
            id: self.gone + i as u64 + 1,
            text: text.clone(),
        };
        texts.map(item).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;
    use std::sync::atomic::Ordering::Relaxed;
    use std::thread;

    use super::*;

    const LONG: Duration = Duration::from_secs(20);

    fn ids(items: &[Item]) -> Vec<u64> {
        items.iter().map(|item| item.id).collect()
    }

    #[test]
    fn numbers_go_on_when_old_news_is_forgotten() {
        let feed = Feed::default();
        for n in 1..=KEPT as u64 + 5 {
            assert_eq!(feed.publish("news"), n);
        }
        assert_eq!(ids(&feed.after(0)).first(), Some(&6));
        assert_eq!(ids(&feed.after(1003)), [1004, 1005]);
        assert_eq!(feed.after(1005), []);
        assert_eq!(feed.after(5000).len(), KEPT, "from before a restart");
    }

    #[test]
    fn everybody_who_waits_is_woken() {
        let feed = &Feed::default();
        thread::scope(|scope| {
            let wait = || feed.reader().wait(0, LONG);
            let waiting: Vec<_> = (0..3).map(|_| scope.spawn(wait)).collect();
            feed.wait_for_readers(3);
            feed.publish("now");
            for waited in waiting {
                let Waited::For(items) = waited.join().unwrap() else { panic!() };
                assert_eq!(ids(&items), [1]);
            }
        });
        assert_eq!(feed.reader().wait(1, Duration::from_millis(1)), Waited::InVain);
    }

    #[test]
    fn the_end_waits_for_last_words() {
        let (feed, said) = (&Feed::default(), &AtomicBool::new(false));
        thread::scope(|scope| {
            scope.spawn(|| {
                let reader = feed.reader();
                assert_eq!(reader.wait(0, LONG), Waited::Over);
                for _ in 0..1000 {
                    thread::yield_now(); // It takes its time to say them.
                }
                said.store(true, Relaxed);
            });
            feed.wait_for_readers(1);
            let for_one_more = scope.spawn(|| feed.wait_for_readers(2));
            feed.close();
            assert!(said.load(Relaxed));
            for_one_more.join().unwrap();
        });
        assert_eq!(feed.reader().wait(0, LONG), Waited::Over);
    }
}
