//! What a helpline is made of, and what may happen to it.
//!
//! Types, states, transitions and policies as plain values and pure functions: no I/O, no async, no clock, no
//! randomness. Every other crate speaks in these words; the live server, the degraded mode and the simulator run the
//! same [`policy`].
//!
//! Invariants kept here:
//! - a forbidden transition cannot be expressed: [`contact::ContactState::may_become`] is the only table;
//! - [`policy::decide`] never pairs a contact with somebody who may not take it, and never one unit of capacity twice;
//! - nothing here can print what a person said: personal data has no type in this crate.

pub mod admission;
pub mod agency;
pub mod alert;
pub mod arrangement;
pub mod assessment;
pub mod blocking;
pub mod callback;
pub mod caller;
pub mod capacity;
pub mod case;
pub mod channel;
pub mod child_alert;
pub mod closing;
pub mod contact;
pub mod counsellor;
pub mod crossborder;
pub mod delivery;
pub mod disclosure;
pub mod escalation;
pub mod field_class;
pub mod id;
pub mod invariants;
pub mod migrant;
pub mod offer;
pub mod overflow;
pub mod participation;
pub mod person;
pub mod policy;
pub mod presence;
pub mod referral;
pub mod reintegration;
pub mod requirement;
pub mod risk;
pub mod school_report;
pub mod service;
pub mod settings;
pub mod shelter;
pub mod statistics;
pub mod task;
