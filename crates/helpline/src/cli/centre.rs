//! Centres, as the owner of the schema.

use std::fmt::Write as _;

use anyhow::{Context as _, bail};
use helpline_domain::escalation::check::{Known, check};
use helpline_domain::escalation::plan::Plan;
use helpline_domain::id::CentreId;
use helpline_service_kit::ids::{Ids as _, SystemIds};
use helpline_store::settings::{centres_as_owner, create_centre};

const LONGEST_NAME: usize = 200;

/// Creates a centre whose emergencies end at this number until it publishes a plan of its own.
pub(super) async fn create(owner_url: &str, name: &str, emergency_number: &str) -> anyhow::Result<CentreId> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > LONGEST_NAME {
        bail!("the name of a centre has from 1 to {LONGEST_NAME} characters");
    }
    if !check(&Plan::to_begin_with(emergency_number), &Known::default()).is_empty() {
        bail!("the emergency number must be a telephone number as it is dialled");
    }
    let centre = CentreId::from(SystemIds.v7());
    create_centre(owner_url, centre, name, emergency_number).await.context("the centre was not created")?;
    Ok(centre)
}

/// Every centre, one a line.
pub(super) async fn list(owner_url: &str) -> anyhow::Result<String> {
    let mut text = String::new();
    for centre in centres_as_owner(owner_url).await.context("the centres could not be read")? {
        let created = centre.created_at.format("%Y-%m-%d");
        writeln!(text, "{}  {created}  {}", centre.centre_id, centre.name)?;
    }
    Ok(text)
}
