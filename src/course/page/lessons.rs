//! The lessons' texts for a browser.

use pulldown_cmark::{Event, Options, Parser, Tag, html};

use crate::course::lessons::{self, LESSONS};
use crate::demos::http_server::answer::Answer;
use crate::demos::http_server::files::in_html;

/// All lessons, as a list of links.
pub(super) fn list() -> Answer {
    let mut out = String::from("<ol>\n");
    for lesson in LESSONS {
        let (number, title) = (lesson.number, in_html(lesson.title()));
        out += &format!(
            "<li value=\"{number}\"><a href=\"#lesson-{number:02}\">{title}</a>\n"
        );
    }
    out += "</ol>\n";
    answer(out)
}

/// The text of a lesson.
pub(super) fn page(number: &str) -> Option<Answer> {
    let lesson = lessons::find(number).ok()?;
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH;
    let mut out = String::new();
    html::push_html(&mut out, Parser::new_ext(lesson.page, options).map(at_home));
    Some(answer(out))
}

/// A link to another lesson stays on the page; one into the repository has no place here.
fn at_home(event: Event<'_>) -> Event<'_> {
    match event {
        Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
            let number = dest_url.strip_prefix("../").and_then(|rest| rest.get(..2));
            let lesson = number.filter(|number| number.parse::<u8>().is_ok());
            let dest_url = match lesson {
                Some(number) => format!("#lesson-{number}").into(),
                None => dest_url,
            };
            Event::Start(Tag::Link { link_type, dest_url, title, id })
        }
        event => event,
    }
}

fn answer(html: String) -> Answer {
    Answer::new(200, "text/html; charset=utf-8", html.into_bytes())
        .with("Cache-Control", "no-cache")
}
