//! Agencies without a client of their own are told: by webhooks, by e-mail.

mod endpoints;
mod mail;
mod scene;
mod standard;
mod steps;
mod webhooks;
