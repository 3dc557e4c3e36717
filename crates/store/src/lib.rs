//! The truth. Every statement of SQL that Helpline knows stands in this crate, and nowhere else.
//!
//! One module per noun: [`contact`] (and what moves it: [`receiving`], [`intake`], [`raising`], [`handling`], [`resumption`],
//! [`returning`], [`relaxing`]), [`callback`], [`participation`], [`overflow`], [`line`], [`offering`], [`offer`], [`message`], [`counsellor`], [`presence`],
//! [`escalation`], [`supervision`], [`alert`], [`floor`], [`settings`], [`token`], [`endpoint`], [`delivery`], [`link`], [`service`], [`referral`], [`crossborder`], [`school_report`], [`survey`], [`capacity`], [`admission`]; beside them what every change shares: [`change`] (journal and
//! [`escalation`], [`supervision`], [`alert`], [`floor`], [`settings`], [`token`], [`endpoint`], [`delivery`], [`link`], [`service`], [`referral`], [`crossborder`], [`reintegration`], [`capacity`], [`admission`]; beside them what every change shares: [`change`] (journal and
//! request memory), [`journal`], [`matcher`] (the lease), [`check`] (comparing what must agree).
//!
//! Invariants:
//! - a change of state is one statement that compares, changes, and writes its journal entry and its request row
//!   ([`change`]); there is no way to do one without the others;
//! - locks are taken in one order: contact; offer, participation or callback; escalation, delivery; presence. Batches skip
//!   what is locked instead of waiting;
//! - a connection sees the rows of the one centre set on it, by row-level security, and the server's role owns nothing;
//! - what is personal is sealed here before it becomes a parameter, and opened here after it was a column;
//! - every deadline is set and compared by the database's clock, `helpline.now()`.

pub mod admission;
pub mod agency;
pub mod alert;
pub mod arrangement;
pub mod aside;
pub mod block;
pub mod callback;
pub mod capacity;
pub mod casework;
pub mod change;
pub mod check;
pub mod connection;
pub mod contact;
pub mod counsellor;
pub mod crossborder;
pub mod delivery;
pub mod disclosure;
pub mod diversion;
pub mod endpoint;
pub mod error;
pub mod escalation;
pub mod escalation_plan;
pub mod floor;
pub mod forecast;
pub mod handling;
pub mod handover;
pub mod intake;
pub mod journal;
pub mod line;
pub mod link;
pub mod load;
pub mod matcher;
pub mod message;
pub mod migrate;
pub mod offer;
pub mod offering;
pub mod opinion;
pub mod overflow;
pub mod participation;
pub mod past;
pub mod presence;
pub mod raising;
pub mod readiness;
pub mod receiving;
pub mod referral;
pub mod reintegration;
pub mod relaxing;
pub mod resumption;
pub mod returning;
pub mod school_report;
mod sealing;
pub mod service;
pub mod settings;
pub mod shelter;
pub mod stand_in;
pub mod statistics;
pub mod supervision;
pub mod survey;
pub mod token;

use helpline_vault::Vault;

pub use change::{Change, Command};
pub use connection::PoolOptions;
pub use error::StoreError;

/// The store: a pool of connections and the vault that seals what is personal. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    pool: connection::Pool,
    vault: Vault,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").finish_non_exhaustive()
    }
}

impl Store {
    /// A store on the database at `options.url`. Connects lazily: nothing fails here that could heal later.
    ///
    /// # Errors
    /// `Other` when the URL cannot be read.
    pub fn new(options: &PoolOptions, vault: Vault) -> Result<Self, StoreError> {
        Ok(Self { pool: connection::pool(options)?, vault })
    }

    /// The vault, for digests and page tokens.
    pub fn vault(&self) -> &Vault {
        &self.vault
    }
}
