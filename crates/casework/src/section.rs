//! What is written into a case.

use helpline_domain::caller::Caller;
use helpline_domain::case::SectionKind;
use helpline_domain::field_class::FieldClass;
use helpline_domain::id::ContactId;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::Command;
use helpline_store::casework::case::Case;
use helpline_store::casework::step::{Act, Section, Step};
use helpline_store::casework::timeline::CaseEntry;
use uuid::Uuid;

use crate::act::{act, is_open, make};
use crate::open::own_contact;

/// A section to write.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Written {
    /// What it is.
    pub(crate) kind: SectionKind,
    /// What class its text is.
    pub(crate) field_class: FieldClass,
    /// The section that it corrects, and which revision.
    pub(crate) corrects: Option<(Uuid, i32)>,
}

/// Writes a section, or its next revision. Errors: NOT_FOUND for the case and the section, INVALID_FIELD for another kind than the
/// section has, REVISION_STALE, STATE_REFUSED for a closed case, REQUEST_ID_REUSED.
pub(crate) async fn write(
    ctx: &Ctx,
    caller: &Caller,
    asked: (&Command, &Act),
    written: Written,
) -> Result<CaseEntry, Refusal> {
    let Act { case_id, entry_id, .. } = *asked.1;
    let last = match written.corrects {
        Some((section, _)) => ctx.store.last_revision(caller, case_id, section).await?,
        None => None,
    };
    let id = make(ctx, caller, asked, entry_id, |now| {
        is_open(now)?;
        let (section_id, revision) = match (written.corrects, last) {
            (None, _) => (entry_id, 1),
            (Some(_), None) => return Err(Refusal::not_found("section")),
            (Some(_), Some((kind, _))) if kind != written.kind => {
                return Err(Refusal::invalid_field("kind", "the kind of the section"));
            }
            (Some((_, read)), Some((_, last))) if read != last => {
                return Err(Refusal::stale(last.into()));
            }
            (Some((section, _)), Some((_, last))) => (section, last.saturating_add(1)),
        };
        let section = Section { section_id, kind: written.kind, revision, field_class: written.field_class };
        Ok(Step { section: Some(section), ..Step::of(now, "section_written") })
    })
    .await?;
    let found = ctx.store.case_entry(caller, case_id, id).await?;
    found.ok_or_else(|| Refusal::not_found("section"))
}

/// Links a contact of the caller's own. Errors: NOT_FOUND for the case and the contact, STATE_REFUSED, REQUEST_ID_REUSED.
pub(crate) async fn link_contact(
    ctx: &Ctx,
    caller: &Caller,
    asked: (&Command, &Act),
    contact: ContactId,
) -> Result<Case, Refusal> {
    let own = own_contact(ctx, caller, contact).await?;
    act(ctx, caller, asked, |now| {
        is_open(now)?;
        if !own {
            return Err(Refusal::not_found("contact"));
        }
        Ok(Step { contact: Some((contact, true)), ..Step::of(now, "contact_linked") })
    })
    .await
}
