//! Under the names that it has in the product.

pub mod http;
pub mod websocket; // A link to the file itself, which has no other packages than ours.
