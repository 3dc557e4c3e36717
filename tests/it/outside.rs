//! Agencies without a client of their own are told: by webhooks, by e-mail, by SMS.

mod child_alerts;
mod endpoints;
mod mail;
mod news;
mod scene;
mod sms;
mod standard;
mod steps;
mod webhooks;
