//! Status codes: three digits for programs, a phrase for people.

/// What is wrong with a request, in a sentence for whoever wrote it, and the code for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bad {
    /// What the server answers.
    pub status: u16,
    /// Why, in words.
    pub why: &'static str,
}

/// Against the grammar: 400 Bad Request.
pub const fn bad(why: &'static str) -> Bad {
    Bad { status: 400, why }
}

/// The phrase that usually stands behind a code. Nobody may depend on it.
pub fn reason(status: u16) -> &'static str {
    match status {
        100 => "Continue",
        101 => "Switching Protocols",
        200 => "OK",
        201 => "Created",
        204 => "No Content",
        206 => "Partial Content",
        301 => "Moved Permanently",
        302 => "Found",
        303 => "See Other",
        304 => "Not Modified",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        411 => "Length Required",
        412 => "Precondition Failed",
        413 => "Content Too Large",
        414 => "URI Too Long",
        416 => "Range Not Satisfiable",
        417 => "Expectation Failed",
        421 => "Misdirected Request",
        426 => "Upgrade Required",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        503 => "Service Unavailable",
        505 => "HTTP Version Not Supported",
        _ => "",
    }
}
