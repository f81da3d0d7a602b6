//! The files of the product.

#[path = "../../../src/proto/http/body.rs"]
pub mod body;
#[path = "../../../src/proto/http/head.rs"]
pub mod head;
#[path = "../../../src/proto/http/incoming.rs"]
pub mod incoming;
#[path = "../../../src/proto/http/question.rs"]
pub mod question;
#[path = "../../../src/proto/http/range.rs"]
pub mod range;
#[path = "../../../src/proto/http/status.rs"]
pub mod status;
#[path = "../../../src/proto/http/target.rs"]
pub mod target;
#[path = "../../../src/proto/http/url.rs"]
pub mod url;
