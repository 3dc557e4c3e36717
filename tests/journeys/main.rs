//! What contacts and counsellors live through, told through the public API alone: SQL only looks.
//!
//! Nothing here sleeps for a time: every wait is for a condition, with a deadline. Time passes by moving the database's
//! clock, by which every deadline is set and compared.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests: this is how they fail"
)]
#![expect(clippy::similar_names, reason = "a contact has a state, and all of it happens on a stage")]

mod alerts;
mod answered;
mod beside;
mod blocking;
mod by_hand;
mod callback;
mod capacity;
mod care;
mod casework;
mod chance;
mod compared;
mod conservation;
mod crossborder;
mod cut;
mod decline;
mod desk;
mod disclosure;
mod eligibility;
mod escalation;
mod explained;
mod flood;
mod floor;
mod gate;
mod groups;
mod guests;
mod handed_on;
mod handover;
mod hours;
mod interleaving;
mod kept_plans;
mod leaving;
mod migrant;
mod missed;
mod order;
mod overflow;
mod parts;
mod past;
mod plan;
mod presence;
mod put_aside;
mod races;
mod referral;
mod reintegration;
mod relaxed;
mod reports;
mod reserve;
mod resumed;
mod returning;
mod risk;
mod risk_rules;
mod school;
mod second_opinion;
mod sessions;
mod shelter;
mod stage;
mod status;
mod supervision;
mod switchboard;
mod transfer;
mod transitions;
mod two_servers;
mod valve;
