//! Stories of the whole system: a real database, a real Redis, a real server, and callers who use nothing but the API.

mod directory;
mod server;
