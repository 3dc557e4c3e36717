//! Addresses of pages.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU8, Ordering};

/// Settings of a helpline with pages, and where they are: at an address of this machine on which no other test listens, so
/// that it can be known before the server starts.
pub fn pages() -> (String, String) {
    static TAKEN: AtomicU8 = AtomicU8::new(1);
    let [_, _, high, low] = std::process::id().to_be_bytes();
    let address = SocketAddr::from(([127, high | 0x80, low, TAKEN.fetch_add(1, Ordering::Relaxed)], 8460));
    let base = format!("http://{address}");
    (format!("[console]\nlisten = \"{address}\"\nbase_url = \"{base}\"\n"), base)
}
