//! A report is filed.

use helpline_domain::caller::Caller;
use helpline_domain::school_report::is_of_violence;
use helpline_service_kit::command::outcome;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::Command;
use helpline_store::school_report::file::NewSchoolReport;
use helpline_store::school_report::read::SchoolReport;

use crate::act::{committed, seen};
use crate::wire::steps::reference;

/// How often another reference is tried when one is taken by chance.
const TRIES: usize = 5;
const TAKEN: &str = "school_reports_reference";

/// Files a report. Errors: NOT_FOUND for a contact that the caller may not report from; INVALID_FIELD for a category that does not tell of
/// violence, and a day after tomorrow; REQUEST_ID_REUSED.
pub(crate) async fn file(
    ctx: &Ctx,
    caller: &Caller,
    (command, mut new): (Command, NewSchoolReport),
) -> Result<SchoolReport, Refusal> {
    let settings = ctx.settings.current(caller.centre_id).await?;
    let wrong = wrong(ctx, &new, &settings.settings.categories).await.err();
    let mut change = None;
    for _ in 0..TRIES {
        if wrong.is_some() {
            change = Some(ctx.store.recall_change(&command).await?);
            break;
        }
        match ctx.store.file_school_report(&command, &new, &settings.settings.school).await {
            Err(error) if error.constraint() == Some(TAKEN) => new.reference = reference(ctx),
            done => {
                change = Some(done?);
                break;
            }
        }
    }
    let change = change.ok_or_else(Refusal::race_lost)?;
    let why = async { Ok(wrong.unwrap_or_else(|| Refusal::not_found("contact"))) };
    let id = outcome(committed(change), |id| std::future::ready(Ok(id)), why).await?;
    seen(ctx, caller, id.into()).await
}

/// What cannot be said of it by the settings and the clock.
async fn wrong(
    ctx: &Ctx,
    new: &NewSchoolReport,
    own: &std::collections::BTreeSet<String>,
) -> Result<(), Refusal> {
    if let Some(place) = new.categories.iter().position(|category| !is_of_violence(category, own)) {
        return Err(Refusal::invalid_field(format!("categories[{place}]"), "a category of violence"));
    }
    // Somewhere it is tomorrow already.
    let latest = ctx.store.now().await?.date_naive() + chrono::Duration::days(1);
    for (field, day) in [("first_date", new.days.0), ("last_date", new.days.1)] {
        if day > latest {
            return Err(Refusal::invalid_field(field, "a day that has come"));
        }
    }
    Ok(())
}
