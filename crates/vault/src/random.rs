//! Where random bytes come from.

/// A source of random bytes; a parameter, so that simulations can repeat a run.
///
/// Production uses [`SystemRandom`]. A repeating source weakens keys and bearer tokens made from it; sealed
/// values survive it (AES-GCM-SIV then only reveals that two equal values at one place are equal).
pub trait Random: Send + Sync {
    /// Fills the whole of `bytes`.
    fn fill(&self, bytes: &mut [u8]);
}

/// The random generator of the crypto library, seeded by the operating system.
///
/// Ends the process if the operating system cannot give randomness: there is no safe way to go on.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    fn fill(&self, bytes: &mut [u8]) {
        if aws_lc_rs::rand::fill(bytes).is_err() {
            std::process::abort();
        }
    }
}
