//! A folder as a site: files with types, parts of files, and nothing that has not changed.

use std::ffi::OsStr;
use std::fmt::Write;
use std::fs::{self, File, Metadata};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::demos::http_server::Site;
use crate::demos::http_server::answer::{
    ALLOWED, Answer, TEXT, Then, Visit, head, summary,
};
use crate::kit::error::{Doing, Result};
use crate::proto::http::head::Fields;
use crate::proto::http::range::{Wanted, wanted};
use crate::proto::http::status::Bad;
use crate::proto::http::target::{Target, names};

/// As much of a file is read and sent at a time.
const PIECE: usize = 64 * 1024;

/// A folder whose files anybody may read.
#[derive(Debug)]
pub(super) struct Folder {
    root: PathBuf,
    patience: Duration,
}

const NOT_FOUND: Bad = Bad { status: 404, why: "there is no such file" };

impl Folder {
    pub(super) fn open(root: &Path, patience: Duration) -> Result<Folder> {
        let doing = format!("serve the folder {}", root.display());
        let root = root.canonicalize().doing(&doing)?;
        match fs::read_dir(&root) {
            Ok(_) => Ok(Folder { root, patience }),
            Err(error) => Err(error).doing(doing),
        }
    }
}

impl Site for Folder {
    fn patience(&self) -> Duration {
        self.patience
    }

    fn answer(&self, visit: &Visit<'_>) -> io::Result<Then> {
        match visit.request.method {
            "GET" | "HEAD" => match self.find(&visit.target) {
                Ok(Found::File(path, file, about)) => {
                    send_file(visit, &path, file, &about)
                }
                Ok(Found::Folder(path)) => self.show(visit, &path),
                Ok(Found::Elsewhere(place)) => {
                    let words = format!("301 Moved Permanently: {place}\n");
                    let moved = Answer::new(301, TEXT, words.into_bytes());
                    visit.answer(&moved.with("Location", place))
                }
                Err(bad) => visit.answer(&Answer::refusal(&bad)),
            },
            "POST" => {
                let kind = visit.request.fields.get("content-type").unwrap_or(TEXT);
                let echo = Answer {
                    status: 200,
                    body: visit.body.to_vec().into(),
                    ..Answer::default()
                };
                visit.answer(&echo.with("Content-Type", kind.to_owned()))
            }
            _ => visit.allow_only(ALLOWED),
        }
    }
}

/// What a path leads to.
enum Found {
    File(PathBuf, File, Metadata),
    Folder(PathBuf),
    /// Names in a folder's page are relative, so its path has to end with a slash.
    Elsewhere(String),
}

impl Folder {
    fn find(&self, target: &Target<'_>) -> std::result::Result<Found, Bad> {
        let path = target.path;
        let names = names(path)?;
        let mut place = self.root.clone();
        place.extend(&names);
        let mut real = place.canonicalize().map_err(|error| why_not(&error))?;
        self.shows(&real)?;
        if real.is_dir() {
            if !path.ends_with('/') {
                // One slash: two would be the name of a host.
                let place = format!("/{}/", path.trim_matches('/'));
                let query = match target.query {
                    "" => String::new(),
                    query => format!("?{query}"),
                };
                return Ok(Found::Elsewhere(place + &query));
            }
            match real.join("index.html").canonicalize() {
                Ok(index) if index.is_file() && self.shows(&index).is_ok() => {
                    real = index;
                }
                _ => return Ok(Found::Folder(real)),
            }
        } else if path.ends_with('/') {
            return Err(NOT_FOUND);
        }
        // Opening a pipe would wait for somebody who writes into it.
        if !real.is_file() {
            return Err(NOT_FOUND);
        }
        let opened = File::open(&real).and_then(|file| Ok((file.metadata()?, file)));
        let (about, file) = opened.map_err(|error| why_not(&error))?;
        Ok(Found::File(real, file, about))
    }

    /// May everybody see this? It is asked of the place itself: a link is only a way there.
    fn shows(&self, real: &Path) -> std::result::Result<(), Bad> {
        let Ok(within) = real.strip_prefix(&self.root) else {
            let why = "a link leads out of the folder";
            return Err(Bad { status: 403, why });
        };
        let is_hidden = |name: &OsStr| name.as_encoded_bytes().starts_with(b".");
        match within.iter().any(is_hidden) {
            true => Err(NOT_FOUND), // What is hidden at home is not for everybody.
            false => Ok(()),
        }
    }

    /// The names in a folder, as links.
    fn show(&self, visit: &Visit<'_>, path: &Path) -> io::Result<Then> {
        let Ok(entries) = fs::read_dir(path) else {
            return visit.answer(&Answer::refusal(&NOT_FOUND));
        };
        let name = |entry: fs::DirEntry| {
            let slash = if entry.path().is_dir() { "/" } else { "" };
            entry.file_name().into_string().ok().map(|name| name + slash)
        };
        let mut names: Vec<_> = entries.flatten().filter_map(name).collect();
        names.retain(|name| !name.starts_with('.'));
        names.sort();
        let place = in_html(visit.target.path);
        let mut page = format!(
            "<!doctype html>\n<meta charset=\"utf-8\">\n<title>{place}</title>\n\
             <h1>{place}</h1>\n<ul>\n"
        );
        for name in names {
            let _ = writeln!(
                page,
                "<li><a href=\"./{}\">{}</a>",
                in_path(&name),
                in_html(&name)
            );
        }
        page.push_str("</ul>\n");
        visit.answer(&Answer::new(200, "text/html; charset=utf-8", page.into_bytes()))
    }
}

fn why_not(error: &io::Error) -> Bad {
    match error.kind() {
        ErrorKind::PermissionDenied => {
            Bad { status: 403, why: "this file cannot be read by the server" }
        }
        _ => NOT_FOUND,
    }
}

/// A file, a part of it, or the word that it has not changed.
fn send_file(
    visit: &Visit<'_>,
    path: &Path,
    file: File,
    about: &Metadata,
) -> io::Result<Then> {
    let version = Version::of(about);
    let known = Answer::empty(304)
        .with("Cache-Control", "no-cache")
        .with("ETag", version.tag.clone());
    let fields = &visit.request.fields;
    if !version.fulfils(fields) {
        let why = "the file is not the one that you mean";
        return visit.answer(&Answer::refusal(&Bad { status: 412, why }));
    }
    if version.is_known_to(fields) {
        return visit.answer(&known);
    }
    let answer = Answer { status: 200, ..known }
        .with("Last-Modified", httpdate::fmt_http_date(version.changed))
        .with("Content-Type", kind(path))
        .with("X-Content-Type-Options", "nosniff")
        .with("Accept-Ranges", "bytes");
    let size = about.len();
    // Parts are defined for GET alone.
    let cuts = visit.request.method == "GET" && version.may_be_cut(visit);
    let range = fields.only("range").filter(|_| cuts);
    match wanted(range, size) {
        Wanted::All => send_part(visit, file, &answer, 0..size),
        Wanted::Part(part) => {
            let place = format!("bytes {}-{}/{size}", part.start, part.end - 1);
            let answer = Answer { status: 206, ..answer }.with("Content-Range", place);
            send_part(visit, file, &answer, part)
        }
        Wanted::Nothing => {
            let bad = Bad { status: 416, why: "the file does not have these bytes" };
            let place = format!("bytes */{size}");
            visit.answer(&Answer::refusal(&bad).with("Content-Range", place))
        }
    }
}

/// The first piece goes out together with the head.
fn send_part(
    visit: &Visit<'_>,
    mut file: File,
    answer: &Answer,
    part: Range<u64>,
) -> io::Result<Then> {
    let (length, say) = (part.end - part.start, visit.say);
    let mut bytes = head(answer, Some(length), visit.connection());
    say.note(format_args!("the answer: {}", summary(answer.status, length)));
    if visit.wants_head_only() {
        visit.outbox.send_all(&bytes)?;
        return Ok(visit.then());
    }
    file.seek(SeekFrom::Start(part.start))?;
    let mut rest = file.take(length);
    loop {
        (&mut rest).take(PIECE as u64).read_to_end(&mut bytes)?;
        if bytes.is_empty() {
            break;
        }
        visit.outbox.send_all(&bytes)?;
        bytes.clear();
    }
    if rest.limit() > 0 {
        // What was promised cannot be sent any more: only the end can say so.
        say.note("the file has become shorter: this answer is cut");
        return Ok(Then::Over);
    }
    Ok(visit.then())
}

/// Which version of a file this is.
struct Version {
    changed: SystemTime,
    tag: String,
}

impl Version {
    fn of(about: &Metadata) -> Version {
        let changed = about.modified().unwrap_or(SystemTime::UNIX_EPOCH);
        let age = changed.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let tag = format!("\"{:x}-{:x}\"", age.as_nanos(), about.len());
        // HTTP has no dates before 1970, and what will have changed has changed just now.
        let changed = changed.clamp(SystemTime::UNIX_EPOCH, SystemTime::now());
        Version { changed, tag }
    }

    /// `If-Match`, `If-Unmodified-Since`: the client wants this version or none.
    fn fulfils(&self, fields: &Fields<'_>) -> bool {
        if fields.get("if-match").is_some() {
            return fields.list("if-match").any(|tag| tag == "*" || tag == self.tag);
        }
        let since = fields.only("if-unmodified-since").and_then(date);
        since.is_none_or(|since| !self.is_newer_than(since))
    }

    /// `If-None-Match`, `If-Modified-Since`: the client has this version already.
    fn is_known_to(&self, fields: &Fields<'_>) -> bool {
        if fields.get("if-none-match").is_some() {
            let own = |tag: &str| tag == "*" || tag.trim_start_matches("W/") == self.tag;
            return fields.list("if-none-match").any(own);
        }
        let since = fields.only("if-modified-since").and_then(date);
        since.is_some_and(|since| !self.is_newer_than(since))
    }

    /// `If-Range`: a part is of use only for a version that the client has begun.
    fn may_be_cut(&self, visit: &Visit<'_>) -> bool {
        let fields = &visit.request.fields;
        if fields.get("if-range").is_none() {
            return true;
        }
        let begun = fields.only("if-range").unwrap_or_default();
        begun == self.tag || date(begun).is_some_and(|date| self.is_surely_of(date))
    }

    /// A date is a proof only if the file cannot have changed twice in that second: if
    /// somebody has set the time, as tar does, and not just now.
    fn is_surely_of(&self, date: SystemTime) -> bool {
        let long_ago =
            self.changed.elapsed().is_ok_and(|age| age >= Duration::from_secs(60));
        self.changed == date && long_ago
    }

    /// Dates in fields have no fractions of a second.
    fn is_newer_than(&self, date: SystemTime) -> bool {
        self.changed.duration_since(date).is_ok_and(|by| by >= Duration::from_secs(1))
    }
}

fn date(text: &str) -> Option<SystemTime> {
    httpdate::parse_http_date(text).ok()
}

/// What the browser is to do with it.
fn kind(path: &Path) -> &'static str {
    let extension = path.extension().and_then(|extension| extension.to_str());
    match extension.unwrap_or_default().to_ascii_lowercase().as_str() {
        "html" | "htm" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "txt" | "md" | "rs" | "toml" | "log" => TEXT,
        "json" => "application/json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "ico" => "image/vnd.microsoft.icon",
        "woff2" => "font/woff2",
        "wasm" => "application/wasm",
        "pdf" => "application/pdf",
        _ => "application/octet-stream",
    }
}

/// Text that cannot be taken for HTML.
pub(crate) fn in_html(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    text.replace('>', "&gt;").replace('"', "&quot;")
}

/// A name that cannot be taken for anything else in a path.
fn in_path(name: &str) -> String {
    let mut out = String::new();
    for byte in name.bytes() {
        match byte {
            b'a'..=b'z'
            | b'A'..=b'Z'
            | b'0'..=b'9'
            | b'-'
            | b'.'
            | b'_'
            | b'~'
            | b'/' => {
                out.push(byte.into());
            }
            byte => {
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
    out
}
