//! Centres, settings, counsellors, tokens.

mod agencies;
mod counsellors;
mod services;
mod settings;
mod tokens;
