//! Centres, settings, counsellors, tokens.

mod agencies;
mod counsellors;
mod settings;
mod tokens;
