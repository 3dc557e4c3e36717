//! Agencies without a client of their own are told: by webhooks, by e-mail.

mod browser;
mod endpoints;
mod links;
mod mail;
mod pages;
mod scene;
mod site;
mod standard;
mod steps;
mod webdriver;
mod webhooks;
