//! Rebuilds when a migration is added: the migrations are embedded in the crate.

fn main() {
    println!("cargo::rerun-if-changed=../../migrations");
}
