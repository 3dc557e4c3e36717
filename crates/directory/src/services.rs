//! The directory of services that children are referred to: imported, exported, kept, searched.
//!
//! A centre's engineer imports it ([`reading`], [`mapping`], [`import`]) and exports it ([`export`]). Searches are
//! answered from the catalogue, which each process keeps in memory and compares with the revision of the rows at every
//! call: no answer is older than what was committed before it was asked.

mod catalogue;
mod counted;
pub mod export;
pub mod import;
mod keep;
pub mod mapping;
pub mod reading;
mod search_services;
mod vocabulary;

pub(crate) use catalogue::Catalogues;
pub(crate) use keep::{
    ListServices, ServicePage, Shown, UpdateService, VerifyService, get_service, list_services,
    update_service, verify_service,
};
pub(crate) use search_services::{Found, FoundServices, SearchServices, search_services};
