//! The use cases of intake on a real database: what a channel adapter and a counsellor can rely on.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

mod desk;
mod handling;
mod messages;
mod receiving;
mod sight;
