//! The hall, asked without a socket.

use super::*;
use crate::proto::random::Random;

/// A hall, and all that each member has read.
struct Town {
    hall: Hall,
    read: BTreeMap<u32, Vec<String>>,
    said: Vec<(String, String)>,
}

impl Town {
    fn new(keep: usize, members: u32) -> Town {
        let hall = Hall::new(History::of_last(keep));
        let mut town = Town { hall, read: BTreeMap::new(), said: Vec::new() };
        for id in 1..=members {
            let post = town.hall.enter(id);
            town.deliver(post);
        }
        town
    }

    fn hear(&mut self, id: u32, line: &str) {
        let mut post = Post::default();
        self.hall.hear(id, line, &mut post);
        self.deliver(post);
    }

    fn leave(&mut self, id: u32) {
        let post = self.hall.leave(id, None);
        self.deliver(post);
    }

    fn deliver(&mut self, post: Post) {
        for letter in post.letters {
            for reader in self.hall.readers(&letter.to) {
                let lines = letter.text.lines().map(str::to_owned);
                self.read.entry(reader).or_default().extend(lines);
            }
        }
        self.said.extend(post.said);
    }

    /// What a member has read since the last time.
    fn news(&mut self, id: u32) -> Vec<String> {
        std::mem::take(self.read.entry(id).or_default())
    }
}

#[test]
fn the_example_of_the_protocol() {
    let mut town = Town::new(0, 1);
    town.hear(1, "/name ann");
    let welcome = "* welcome, guest-1: this is the lobby, /help lists the commands";
    assert_eq!(town.news(1), [welcome, "= you are ann"]);

    let post = town.hall.enter(2);
    town.deliver(post);
    for line in ["/name Ann", "/name bob", "hello"] {
        town.hear(2, line);
    }
    town.hear(1, "/msg bob psst");
    town.leave(2);

    let ann = ["* guest-2 joined", "* guest-2 is now bob", "<bob> hello", "* bob left"];
    assert_eq!(town.news(1), ann);
    assert_eq!(town.news(2)[1..], ["! Ann is taken", "= you are bob", "[ann] psst"]);
    assert_eq!(town.said, [("lobby".to_owned(), "<bob> hello".to_owned())]);
}

#[test]
fn a_room_hears_who_comes_and_who_goes() {
    let mut town = Town::new(0, 3);
    (1..=3).for_each(|id| drop(town.news(id)));

    town.hear(1, "/join Tea");
    town.hear(2, "/join tea");
    town.hear(2, "here we are");
    town.hear(3, "/list");
    town.hear(1, "/who");
    town.hear(1, "/leave");
    town.hear(1, "/leave");

    assert_eq!(
        town.news(1),
        [
            "= you are in tea, alone",
            "* guest-2 joined",
            "<guest-2> here we are",
            "= in tea: guest-1, guest-2",
            "= you are in lobby, with guest-3",
            "= you are in lobby, with guest-3",
        ]
    );
    assert_eq!(town.news(2)[1..], ["= you are in tea, with guest-1", "* guest-1 left"]);
    let third = ["* guest-1 left", "* guest-2 left", "= rooms: lobby 1, tea 2"];
    assert_eq!(town.news(3), [&third[..], &["* guest-1 joined"]].concat());
    town.hear(2, "/leave");
    assert_eq!(town.hall.rooms.keys().collect::<Vec<_>>(), ["lobby"]);
}

#[test]
fn a_newcomer_reads_what_was_said_before() {
    let mut town = Town::new(2, 1);
    for line in ["one", "two", "three", "/msg guest-1 secret"] {
        town.hear(1, line);
    }
    let post = town.hall.enter(2);
    town.deliver(post);
    let earlier =
        ["* 2 earlier lines:", "<guest-1> two", "<guest-1> three", "* that was earlier"];
    assert_eq!(town.news(2)[1..], earlier);
}

#[test]
fn long_lists_are_cut() {
    let mut town = Town::new(0, 60);
    town.hear(60, "/who");
    let who = town.news(60).pop().unwrap();
    assert!(who.starts_with("= in lobby: guest-1, guest-2, "), "{who}");
    assert!(who.ends_with(", guest-50, and 10 more"), "{who}");
}

#[test]
fn a_name_is_free_again_when_it_is_given_up() {
    let mut town = Town::new(0, 3);
    town.hear(1, "/name ann");
    town.hear(1, "/name Ann"); // One's own, in capitals.
    town.hear(1, "/name bea");
    town.hear(2, "/name ann");
    town.leave(2);
    town.hear(3, "/name ann");
    let answers = ["= you are ann", "= you are Ann", "= you are bea"];
    assert_eq!(town.news(1)[3..6], answers);
    assert_eq!(town.news(3).last().unwrap(), "= you are ann");
    assert_eq!(town.hall.taken.len(), 2);
}

/// Whoever is in a room reads all that is said there by others, in the order in which
/// it was said, and nothing else.
#[test]
fn everybody_in_a_room_sees_the_same_order() {
    for seed in 0..50 {
        let (mut random, mut town) = (Random::of(seed, "chat"), Town::new(0, 6));
        let mut expected: BTreeMap<u32, Vec<String>> = BTreeMap::new();
        for n in 0..300 {
            let id = u32::try_from(random.between(1, 6)).unwrap();
            match random.between(0, 7) {
                0 => town.hear(id, "/join tea"),
                1 => town.hear(id, "/leave"),
                2 => town.hear(id, &format!("/name m{}", random.between(0, 8))),
                _ => {
                    let room = town.hall.members[&id].room.clone();
                    let line = format!("<{}> {n}", town.hall.name(id).unwrap());
                    for other in town.hall.readers(&To::Others(room, id)) {
                        expected.entry(other).or_default().push(line.clone());
                    }
                    town.hear(id, &n.to_string());
                }
            }
        }
        for (id, lines) in expected {
            let mut read = town.news(id);
            read.retain(|line| line.starts_with('<'));
            assert_eq!(read, lines, "seed {seed}, member {id}");
        }
    }
}
