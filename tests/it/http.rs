//! `http-server`, asked as strangers ask: whole, in halves, and byte by byte.

mod answers;
mod cases;
mod conversations;
mod oracle;
mod site;
mod table;
