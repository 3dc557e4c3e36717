//! An escalation is raised, or joined by another report of the same child.

use chrono::{DateTime, Utc};
use helpline_domain::caller::Caller;
use helpline_domain::escalation::ladder::{About, choose};
use helpline_domain::escalation::{Danger, EscalationKind};
use helpline_domain::id::{AgencyId, CaseId, ContactId, EscalationId};
use helpline_domain::risk::Risk;
use helpline_service_kit::command::outcome;
use helpline_service_kit::{Ctx, Refusal, fail_point};
use helpline_store::escalation::Act;
use helpline_store::escalation::notes::NewLocation;
use helpline_store::escalation::raise::{Joining, NewEscalation, Particulars};
use helpline_store::escalation::read::Escalation;
use helpline_store::escalation_plan::VersionedPlan;
use helpline_store::{Change, Command};
use serde_json::{Value, json};

use crate::access;
use crate::answer::answered;
use crate::climb::Ladder;

/// How often a report is written that meets another of the same contact.
const TRIES: usize = 3;

/// What is asked: [`RaiseEscalationRequest`](helpline_proto::escalation::v1::RaiseEscalationRequest), read.
#[derive(Clone, Debug)]
pub(crate) struct RaiseEscalation {
    pub(crate) command: Command,
    pub(crate) kind: EscalationKind,
    pub(crate) contact_id: Option<ContactId>,
    pub(crate) case_id: Option<CaseId>,
    pub(crate) risk: Risk,
    pub(crate) danger: Danger,
    pub(crate) region: Option<String>,
    pub(crate) particulars: Particulars,
    pub(crate) location: Option<NewLocation>,
    pub(crate) exercise: bool,
    pub(crate) report: Option<Report>,
}

/// What the law asks of a report.
#[derive(Clone, Debug)]
pub(crate) struct Report {
    pub(crate) legal_basis: String,
    pub(crate) deadline: DateTime<Utc>,
    pub(crate) authority_id: Option<AgencyId>,
    pub(crate) reference_number: String,
    /// Why the child was not told, if they were not.
    pub(crate) not_informed: Option<String>,
}

impl Report {
    /// As it is stored: keys, numbers and times alone.
    fn stored(&self) -> Value {
        let mut stored = json!({
            "legal_basis": self.legal_basis,
            "deadline_s": self.deadline.timestamp(),
            "child_informed": self.not_informed.is_none(),
        });
        if let Some(authority) = self.authority_id {
            stored["authority_id"] = authority.to_string().into();
        }
        if !self.reference_number.is_empty() {
            stored["reference_number"] = self.reference_number.as_str().into();
        }
        if let Some(reason) = &self.not_informed {
            stored["not_informed_reason"] = reason.as_str().into();
        }
        stored
    }
}

/// An escalation, new or joined.
#[derive(Clone, Debug)]
pub(crate) struct Raised {
    /// The escalation.
    pub(crate) escalation: Escalation,
    /// Whether the contact had one already.
    pub(crate) joined: bool,
    /// Others that are perhaps about the same child.
    pub(crate) perhaps_same: Vec<EscalationId>,
}

/// Raises an escalation and takes its first step; a contact that has one of the kind joins it, unless it is of another case than the one
/// that is named: that may be another child's, and whoever was told of the one must not read of the other. Errors: NOT_FOUND for a
/// contact that the caller may not escalate, REQUEST_ID_REUSED.
pub(crate) async fn raise_escalation(
    ctx: &Ctx,
    ladder: &Ladder,
    caller: &Caller,
    mut request: RaiseEscalation,
) -> Result<Raised, Refusal> {
    let command = request.command;
    if let Some(authority) = request.report.as_ref().and_then(|report| report.authority_id) {
        let found = ctx.store.agency(caller.centre_id, authority).await?;
        found.filter(|agency| agency.disabled_at.is_none()).ok_or_else(|| Refusal::not_found("agency"))?;
    }
    if let Some(case) = request.case_id {
        ctx.store.case(caller, case).await?.ok_or_else(|| Refusal::not_found("case"))?;
    }
    if let Some(contact) = request.contact_id {
        let contact = access::contact(ctx, caller, contact).await?;
        if request.risk == Risk::Unassessed {
            request.risk = contact.risk;
        }
    }
    let report = request.report.clone();
    let new = plan(ctx, caller, request).await?;
    let basis = report.as_ref().map(|report| report.legal_basis.as_str());
    let mut tries = TRIES;
    let id = loop {
        tries -= 1;
        if let Some(contact) = new.contact_id
            && let Some(open) =
                ctx.store.open_escalation_of(&command, contact, (new.kind, basis), new.case_id).await?
        {
            let change = ctx
                .store
                .join_escalation(
                    &command,
                    &act(&command, &new, open),
                    &joining(&new, contact, report.as_ref()),
                )
                .await?;
            // It may have ended between, or become one of another case.
            if matches!(change, Change::Refused) && tries > 0 {
                continue;
            }
            break answered(ctx, ladder, caller, open, change).await?.escalation_id;
        }
        fail_point!("raise.before_commit");
        match ctx.store.raise_escalation(&command, &new).await {
            Err(error) if error.constraint() == Some("escalations_one_open_per_contact") && tries > 0 => {}
            change => break raised(ctx, ladder, caller, change?).await?,
        }
    };
    let escalation = access::seen(ctx, caller, id).await?;
    // A repeat finds the entry that this very command has made, if it joined.
    let entry = Some(command.request_id.as_uuid());
    let joined = !ctx.store.timeline(caller, &escalation, (1, 0), entry).await?.is_empty();
    let perhaps_same = match new.contact_id {
        Some(contact) => ctx.store.perhaps_same_escalations(&command, contact, id).await?,
        None => Vec::new(),
    };
    Ok(Raised { escalation, joined, perhaps_same })
}

/// The policy that it follows, by the plan in force now.
async fn plan(ctx: &Ctx, caller: &Caller, request: RaiseEscalation) -> Result<NewEscalation, Refusal> {
    let VersionedPlan { version: plan_version, plan } = ctx.store.plan_in_force(caller.centre_id).await?;
    let about = About {
        kind: request.kind,
        risk: request.risk,
        danger: request.danger,
        region: request.region.as_deref(),
    };
    let now = ctx.store.now().await?;
    // The clock of a report is that of its deadline.
    let (policy, reach_s) = choose(&plan, about, now).map_or_else(Default::default, |policy| {
        let report = request.report.as_ref();
        let reach_s = report.map_or(policy.reach_s, |report| policy.reminder_in_s(report.deadline, now));
        (policy.policy.clone(), reach_s)
    });
    Ok(NewEscalation {
        escalation_id: ctx.ids.v7().into(),
        kind: request.kind,
        contact_id: request.contact_id,
        risk: request.risk,
        danger: request.danger,
        region: request.region,
        exercise: request.exercise,
        plan_version,
        policy,
        reach_s,
        particulars: request.particulars,
        location: request.location,
        report: request.report.as_ref().map(Report::stored),
        case_id: request.case_id,
    })
}

async fn raised(
    ctx: &Ctx,
    ladder: &Ladder,
    caller: &Caller,
    change: Change<EscalationId>,
) -> Result<EscalationId, Refusal> {
    fail_point!("raise.after_commit");
    if matches!(change, Change::Done(_)) {
        ladder.measures().count("raised", 1);
        ctx.mirror.escalation_changed(caller.centre_id);
    }
    // Its contact was there a moment ago and never goes.
    let why = std::future::ready(Ok(Refusal::race_lost()));
    let id = outcome(change, |id| std::future::ready(Ok(EscalationId::from(id))), why).await?;
    ladder.settle(ctx, caller.centre_id, id).await?;
    Ok(id)
}

/// The entry of a report that joins bears the id of its command, by which a repeat is told from a first report.
fn act(command: &Command, new: &NewEscalation, open: EscalationId) -> Act {
    let remark_id = command.request_id.as_uuid();
    Act { escalation_id: open, remark_id, remark: new.particulars.narrative.clone() }
}

fn joining(new: &NewEscalation, contact_id: ContactId, report: Option<&Report>) -> Joining {
    Joining {
        contact_id,
        risk: new.risk,
        particulars: new.particulars.clone(),
        location: new.location.clone(),
        deadline_s: report.map(|report| report.deadline.timestamp()),
        case_id: new.case_id,
    }
}

/// Adds a contact that is about the same child. Errors: NOT_FOUND for either, STATE_REFUSED, REQUEST_ID_REUSED.
pub(crate) async fn join_escalation(
    ctx: &Ctx,
    ladder: &Ladder,
    caller: &Caller,
    (command, act): (&Command, &Act),
    contact: ContactId,
) -> Result<Escalation, Refusal> {
    let contact = access::contact(ctx, caller, contact).await?;
    let joining = Joining {
        contact_id: contact.contact_id,
        risk: contact.risk,
        particulars: Particulars::default(),
        location: None,
        deadline_s: None,
        case_id: None,
    };
    let change = ctx.store.join_escalation(command, act, &joining).await?;
    answered(ctx, ladder, caller, act.escalation_id, change).await
}
