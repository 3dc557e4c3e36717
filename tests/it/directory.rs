//! Centres, settings, counsellors, tokens.

mod counsellors;
mod settings;
mod tokens;
