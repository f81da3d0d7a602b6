//! The chat without its sockets: who is here, in which room, and who is told what.
//!
//! Each member is an observer of one room: whoever joins a room subscribes to it. A request
//! goes in, letters come out; delivering them is somebody else's work.

use std::collections::{BTreeMap, HashMap};

use crate::proto::chat::{HELP, LOBBY, Name, Refusal, Request, guest, parse, same_name};
use crate::proto::history::History;

/// How many names a list has before it only counts.
const LISTED: usize = 50;

/// Everybody who is here.
#[derive(Debug)]
pub struct Hall {
    members: BTreeMap<u32, Member>,
    /// Who is in which room, in the order in which they came. No room but the lobby is
    /// empty.
    rooms: BTreeMap<String, Vec<u32>>,
    taken: HashMap<String, u32>,
    history: History,
}

#[derive(Debug)]
struct Member {
    name: String,
    room: String,
}

/// What is to be delivered, in this order.
#[derive(Debug, Default)]
pub struct Post {
    /// Lines for somebody.
    pub letters: Vec<Letter>,
    /// How many bytes these letters have.
    pub size: usize,
    /// What was said in which room: for the log.
    pub said: Vec<(String, String)>,
    /// Who has said goodbye, and hears nothing after these letters.
    pub leaving: bool,
}

/// Lines, each with its end, for the same readers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// Who is to read it.
    pub to: To,
    /// The lines.
    pub text: String,
}

/// Who is to read a letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum To {
    /// One member.
    Member(u32),
    /// All who are in this room, but for the one whom it is about.
    Others(String, u32),
}

impl Hall {
    /// Nobody is here yet.
    pub fn new(history: History) -> Hall {
        let rooms = BTreeMap::from([(LOBBY.to_owned(), Vec::new())]);
        Hall { members: BTreeMap::new(), rooms, taken: HashMap::new(), history }
    }

    /// A newcomer subscribes to the lobby.
    pub fn enter(&mut self, id: u32) -> Post {
        let mut post = Post::default();
        let (name, room) = (guest(id), LOBBY.to_owned());
        self.taken.insert(same_name(&name), id);
        post.tell(
            id,
            format_args!(
                "* welcome, {name}: this is the {LOBBY}, /help lists the commands"
            ),
        );
        self.members.insert(id, Member { name, room: room.clone() });
        self.subscribe(id, room, &mut post);
        post
    }

    /// Does what the line of a member asks for.
    pub fn hear(&mut self, id: u32, line: &str, post: &mut Post) {
        let done = parse(line).and_then(|request| match request {
            Some(request) => self.grant(id, request, post),
            None => Ok(()),
        });
        if let Err(refusal) = done {
            post.refuse(id, &refusal);
        }
    }

    /// A member has left, or is let go: then the others are told why.
    pub fn leave(&mut self, id: u32, why: Option<&str>) -> Post {
        let mut post = Post::default();
        let Some(name) = self.name(id).map(str::to_owned) else { return post };
        self.unsubscribe(id, why, &mut post);
        self.taken.remove(&same_name(&name));
        self.members.remove(&id);
        post
    }

    /// What a member is called.
    pub fn name(&self, id: u32) -> Option<&str> {
        self.members.get(&id).map(|member| member.name.as_str())
    }

    /// Whom a letter reaches.
    pub fn readers(&self, to: &To) -> Vec<u32> {
        match to {
            To::Member(id) => vec![*id],
            To::Others(room, but) => {
                let present = self.rooms.get(room).into_iter().flatten();
                present.copied().filter(|id| id != but).collect()
            }
        }
    }

    fn grant(
        &mut self,
        id: u32,
        request: Request<'_>,
        post: &mut Post,
    ) -> Result<(), Refusal> {
        let Some(Member { name, room }) = self.members.get(&id) else { return Ok(()) };
        let (name, room) = (name.clone(), room.clone());
        match request {
            Request::Say(text) => {
                let line = format!("<{name}> {text}");
                self.history.remember(&room, &line);
                post.tell_others(room.clone(), id, format_args!("{line}"));
                post.said.push((room, line));
            }
            Request::Name(new) => self.rename(id, &name, new, post)?,
            Request::Join(new) => self.move_to(id, new.as_str(), post),
            Request::Leave => self.move_to(id, LOBBY, post),
            Request::List => {
                let rooms = self.rooms.iter().map(|(room, all)| (room, all.len()));
                let rooms = rooms.map(|(room, n)| format!("{room} {n}"));
                post.tell(
                    id,
                    format_args!("= rooms: {}", listed(rooms, self.rooms.len())),
                );
            }
            Request::Who => {
                post.tell(id, format_args!("= in {room}: {}", self.present(&room, None)));
            }
            Request::Msg { to, text } => {
                let reader = self.taken.get(&same_name(to));
                let reader = reader.ok_or_else(|| Refusal::Nobody(to.to_owned()))?;
                post.tell(*reader, format_args!("[{name}] {text}"));
            }
            Request::Help => {
                HELP.iter().for_each(|line| post.tell(id, format_args!("= {line}")));
            }
            Request::Quit => {
                post.tell(id, format_args!("= goodbye"));
                post.leaving = true;
            }
        }
        Ok(())
    }

    fn rename(
        &mut self,
        id: u32,
        old: &str,
        new: Name<'_>,
        post: &mut Post,
    ) -> Result<(), Refusal> {
        let new = new.as_str();
        if self.taken.get(&same_name(new)).is_some_and(|holder| *holder != id) {
            return Err(Refusal::Taken(new.to_owned()));
        }
        post.tell(id, format_args!("= you are {new}"));
        if let Some(member) =
            self.members.get_mut(&id).filter(|member| member.name != new)
        {
            self.taken.remove(&same_name(old));
            self.taken.insert(same_name(new), id);
            member.name = new.to_owned();
            let room = member.room.clone();
            post.tell_others(room, id, format_args!("* {old} is now {new}"));
        }
        Ok(())
    }

    /// Rooms are named like members: capitals make no difference.
    fn move_to(&mut self, id: u32, room: &str, post: &mut Post) {
        let room = same_name(room);
        let others = match self.present(&room, Some(id)).as_str() {
            "" => ", alone".to_owned(),
            others => format!(", with {others}"),
        };
        post.tell(id, format_args!("= you are in {room}{others}"));
        let Some(member) = self.members.get(&id) else { return };
        if member.room != room {
            self.unsubscribe(id, None, post);
            self.subscribe(id, room, post);
        }
    }

    fn subscribe(&mut self, id: u32, room: String, post: &mut Post) {
        let Some(member) = self.members.get_mut(&id) else { return };
        member.room.clone_from(&room);
        let joined = format_args!("* {} joined", member.name);
        post.tell_others(room.clone(), id, joined);
        let earlier = self.history.of(&room);
        if !earlier.is_empty() {
            let lines = if earlier.len() == 1 { "line" } else { "lines" };
            post.tell(id, format_args!("* {} earlier {lines}:", earlier.len()));
            earlier.iter().for_each(|line| post.tell(id, format_args!("{line}")));
            post.tell(id, format_args!("* that was earlier"));
        }
        self.rooms.entry(room).or_default().push(id);
    }

    fn unsubscribe(&mut self, id: u32, why: Option<&str>, post: &mut Post) {
        let Some(Member { name, room }) = self.members.get(&id) else { return };
        let why = why.map_or(String::new(), |why| format!(": {why}"));
        post.tell_others(room.clone(), id, format_args!("* {name} left{why}"));
        if let Some(present) = self.rooms.get_mut(room) {
            present.retain(|present| *present != id);
            if present.is_empty() && room != LOBBY {
                self.rooms.remove(room);
            }
        }
    }

    fn present(&self, room: &str, but: Option<u32>) -> String {
        let all = self.rooms.get(room).map_or(&[][..], Vec::as_slice);
        let ids = all.iter().filter(|id| Some(**id) != but);
        let names = ids.clone().filter_map(|id| self.name(*id)).map(str::to_owned);
        listed(names, ids.count())
    }
}

impl Post {
    /// One line for one member.
    pub fn tell(&mut self, id: u32, line: std::fmt::Arguments<'_>) {
        self.add(To::Member(id), line);
    }

    /// Says no.
    pub fn refuse(&mut self, id: u32, refusal: &Refusal) {
        self.tell(id, format_args!("! {refusal}"));
    }

    fn tell_others(&mut self, room: String, but: u32, line: std::fmt::Arguments<'_>) {
        self.add(To::Others(room, but), line);
    }

    /// Lines for the same readers become one letter: it is delivered in one go.
    fn add(&mut self, to: To, line: std::fmt::Arguments<'_>) {
        let line = format!("{line}\n");
        self.size += line.len();
        match self.letters.last_mut() {
            Some(last) if last.to == to => last.text.push_str(&line),
            _ => self.letters.push(Letter { to, text: line }),
        }
    }
}

/// The first of them, and how many more there are.
fn listed(mut items: impl Iterator<Item = String>, total: usize) -> String {
    let mut list = items.by_ref().take(LISTED).collect::<Vec<_>>().join(", ");
    if total > LISTED {
        list.push_str(&format!(", and {} more", total - LISTED));
    }
    list
}

#[cfg(test)]
mod tests;
