//! Agencies without a client of their own are told: by webhooks, by e-mail, by SMS.

mod broken;
mod browser;
mod child_alerts;
mod endpoints;
mod links;
mod mail;
mod news;
mod pages;
mod referral_browser;
mod referral_links;
mod referral_mail;
mod referral_pages;
mod referrals;
mod scene;
mod site;
mod sms;
mod standard;
mod steps;
mod task_browser;
mod task_links;
mod task_pages;
mod tasks;
mod webdriver;
mod webhooks;
