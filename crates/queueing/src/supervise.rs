//! What supervisors do with the floor: one step, one file.

pub mod acknowledge_alert;
pub mod assign_contact;
pub mod force_not_ready;
pub mod forecast_staffing;
pub mod lift_pause;
pub mod list_alerts;
pub mod pull_contact;
