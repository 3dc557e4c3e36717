//! She goes home because she wants to, before the time is over in which she may leave without a fine, and is called for half a year.

use anyhow::{Result, ensure};
use helpline_proto::casework::v1::{Case, Person, Relation};
use helpline_proto::intake::v1::Gender;
use helpline_proto::queueing::v1::AlertKind;
use helpline_proto::referral::v1::Admission;
use helpline_proto::shelter::v1::{
    MarkReturnReadyRequest, RecordReturnArrivalRequest, RecordReturnConsentRequest,
    RecordReturnDepartureRequest, ReturnConsentBy, ReturnItemState, ReturnSubject, SetReturnItemRequest,
    StartReturnAssistanceRequest, WithdrawReturnConsentRequest,
};

use super::People;
use crate::scenario::cast::{does, given, is_refused};
use crate::scenario::desk::{WELL, child};
use crate::scenario::stage::{DAY, HOUR, Stage};

fn consents(
    stage: &Stage<'_>,
    return_id: &str,
    by: ReturnConsentBy,
    guardian_id: &str,
) -> RecordReturnConsentRequest {
    RecordReturnConsentRequest {
        request_id: stage.id(),
        return_id: return_id.to_owned(),
        consent_by: by.into(),
        guardian_id: guardian_id.to_owned(),
        ..RecordReturnConsentRequest::default()
    }
}

fn ready(stage: &Stage<'_>, return_id: &str) -> MarkReturnReadyRequest {
    MarkReturnReadyRequest {
        request_id: stage.id(),
        return_id: return_id.to_owned(),
        ..MarkReturnReadyRequest::default()
    }
}

fn departure(stage: &Stage<'_>, return_id: &str) -> RecordReturnDepartureRequest {
    RecordReturnDepartureRequest {
        request_id: stage.id(),
        return_id: return_id.to_owned(),
        ..RecordReturnDepartureRequest::default()
    }
}

/// Papers, ticket, consent, an assessment; she hesitates once. The id.
pub(super) async fn prepared(
    stage: &Stage<'_>,
    people: &People,
    (girl, of): (&Person, &Case),
    stay: &Admission,
) -> Result<String> {
    let by = &people.huda;
    let request = StartReturnAssistanceRequest {
        request_id: stage.id(),
        case_id: of.case_id.clone(),
        admission_id: stay.admission_id.clone(),
        country: "PH".to_owned(),
        subject: ReturnSubject::Child.into(),
        grace_end_time: Some(stage.later(20 * DAY)),
        note: String::new(),
    };
    let help = given!(does!(by, shelters.start_return_assistance, request), return_assistance);
    let id = help.return_id;
    stage.tell(by, "she wants to go home: papers, a ticket, an escort are to be found within twenty days");
    // Three days after she was taken in, a stay without a guardian has given a task.
    let naming = stage
        .until("somebody is to name a guardian", async || {
            Ok(stage.tasks(by, of).await?.into_iter().find(|task| task.task == "name_guardian"))
        })
        .await?;
    let mother = stage.recorded(by, child("Her mother", "1984-01-01", Gender::Female, "")).await?;
    stage.linked(by, girl, &mother, Relation::Parent).await?;
    stage.done(by, &naming).await?;
    for item in help.items {
        let request = SetReturnItemRequest {
            request_id: stage.id(),
            return_id: id.clone(),
            item: item.item,
            state: ReturnItemState::Done.into(),
            ..SetReturnItemRequest::default()
        };
        does!(by, shelters.set_return_item, request);
    }
    stage.wait(7 * DAY).await?;
    stage.alarm(AlertKind::GracePeriodEnding).await?;
    stage.tell_of("Helpline", "in two weeks she may not leave without a fine any more: supervisors are told");
    does!(by, shelters.record_return_consent, consents(stage, &id, ReturnConsentBy::Person, ""));
    does!(by, shelters.mark_return_ready, ready(stage, &id));
    let why = is_refused!(by, shelters.record_return_departure, departure(stage, &id));
    ensure!(why.reason == "RETURN_REFUSED", "a child leaves without a guardian and an assessment: {why:?}");
    does!(
        by,
        shelters.record_return_consent,
        consents(stage, &id, ReturnConsentBy::Guardian, &mother.person_id)
    );
    let assessed = stage.assessed(by, of, "best_interests_short", &WELL).await?;
    stage.approved(by, &people.nadia, &assessed).await?;
    stage.tell(&people.nadia, "approves that going home is best for her; her mother agrees");
    let request = WithdrawReturnConsentRequest {
        request_id: stage.id(),
        return_id: id.clone(),
        consent_by: ReturnConsentBy::Person.into(),
        remark: String::new(),
    };
    does!(by, shelters.withdraw_return_consent, request);
    is_refused!(by, shelters.record_return_departure, departure(stage, &id));
    stage.tell(by, "she takes back that she wants to go: nobody is sent");
    does!(by, shelters.record_return_consent, consents(stage, &id, ReturnConsentBy::Person, ""));
    does!(by, shelters.mark_return_ready, ready(stage, &id));
    Ok(id)
}

/// She leaves and arrives.
pub(super) async fn gone(stage: &Stage<'_>, people: &People, id: &str) -> Result<()> {
    does!(people.huda, shelters.record_return_departure, departure(stage, id));
    stage.wait(DAY).await?;
    let request = RecordReturnArrivalRequest {
        request_id: stage.id(),
        return_id: id.to_owned(),
        ..RecordReturnArrivalRequest::default()
    };
    does!(people.huda, shelters.record_return_arrival, request);
    stage.tell(&people.huda, "in the end she wants to after all, flies home with an escort, and arrives");
    Ok(())
}

/// Calls after 30, 90 and 180 days, of which one is late.
pub(super) async fn called(stage: &Stage<'_>, people: &People, of: &Case) -> Result<()> {
    let by = &people.huda;
    let mut made = Vec::new();
    while let Some(next) = stage.tasks(by, of).await?.into_iter().next() {
        let ahead = next.due_time.map_or(0, |due| due.seconds) - stage.later(0).seconds;
        let late = made.len() == 1;
        stage.wait(if late { ahead + DAY + HOUR } else { ahead - HOUR }).await?;
        if late {
            stage.alarm(AlertKind::TaskOverdue).await?;
            stage.tell_of("Helpline", "the second call was not made: a day later supervisors are told");
        }
        stage.done(by, &next).await?;
        made.push(next.task);
    }
    ensure!(made.len() == 3, "three calls: {made:?}");
    stage.tell(by, "has called her after 30, 90 and 180 days: she is well");
    Ok(())
}
