//! Fresh keys.

use helpline_vault::{KeyRing, Random as _, SystemRandom};

/// The section of the configuration with a new sealing key and a new index key.
pub(super) fn fresh() -> String {
    let random = |bytes: &mut [u8]| SystemRandom.fill(bytes);
    let seal = KeyRing::generate_key(1, &random);
    let index = KeyRing::generate_index_key(&random);
    format!("[keys]\nseal = [\"{seal}\"]\nindex = \"{index}\"\n")
}
