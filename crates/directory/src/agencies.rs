//! Partner agencies: created, changed, disabled, found.

mod create_agency;
mod disable_agency;
mod get_agency;
mod list_agencies;
mod update_agency;

pub use create_agency::{CreateAgency, create_agency};
pub use disable_agency::{DisableAgency, disable_agency};
pub use get_agency::get_agency;
pub use list_agencies::{AgencyPage, ListAgencies, list_agencies};
pub use update_agency::{UpdateAgency, update_agency};
