//! A referral as a supervisor sees it: what happened, in words, from what the API lists.

use std::collections::HashMap;
use std::sync::Arc;

use helpline_proto::referral::v1::watch_referrals_response::Event;
use helpline_proto::referral::v1::{
    GetReferralRequest, ListReferralTimelineRequest, Referral, ReferralEntry, WatchReferralsRequest,
};

use crate::call;
use crate::client::Client;
use crate::emergency::account::Names;
use crate::scene::Scene;

/// Watches every referral as a supervisor and tells what happens.
pub async fn follow(scene: Arc<Scene>, supervisor: Client, names: Names) {
    let end = scene.end();
    let mut heard = HashMap::<String, i32>::new();
    while !scene.is_over() {
        if let Ok(answer) = supervisor.referrals().watch_referrals(WatchReferralsRequest {}).await {
            let mut stream = answer.into_inner();
            loop {
                let next = tokio::select! {
                    biased;
                    () = end.cancelled() => return,
                    next = stream.message() => next,
                };
                // However a stream ends, the answer is to watch again.
                let Ok(Some(next)) = next else { break };
                let id = match next.event {
                    Some(Event::Referral(referral)) => referral.referral_id,
                    Some(Event::WithdrawnReferralId(id)) => id,
                    _ => continue,
                };
                let known = heard.entry(id.clone()).or_default();
                tell(&scene, &supervisor, &names, &id, known).await;
            }
        }
        scene.pause(scene.speed.factor()).await;
    }
}

/// Tells what is new on the timeline of a referral. The referral is read last: who was asked by then is on it.
async fn tell(scene: &Scene, supervisor: &Client, names: &Names, referral_id: &str, known: &mut i32) {
    let list = ListReferralTimelineRequest {
        referral_id: referral_id.to_owned(),
        ..ListReferralTimelineRequest::default()
    };
    let Ok(timeline) = call!(supervisor.referrals(), list_referral_timeline, list) else { return };
    let get = GetReferralRequest { referral_id: referral_id.to_owned() };
    let Ok(answer) = call!(supervisor.referrals(), get_referral, get) else { return };
    let Some(referral) = answer.referral else { return };
    for entry in timeline.entries.iter().filter(|entry| entry.sequence > *known) {
        if let Some(what) = sentence(entry, &referral, names) {
            scene.tell_of_referral(referral.number, what);
        }
    }
    *known = timeline.entries.last().map_or(*known, |entry| entry.sequence);
}

/// An entry of the timeline as a sentence; none for what needs no telling.
fn sentence(entry: &ReferralEntry, referral: &Referral, names: &Names) -> Option<String> {
    let name = |agency_id: &str| names.get(agency_id).map_or_else(|| "an agency".to_owned(), Clone::clone);
    let who = name(&entry.agency_id);
    let asked = |after: i32| {
        let next = referral.choices.iter().find(|one| one.position > after && one.offer_time.is_some());
        next.map_or_else(
            || "nobody is left who could be asked".to_owned(),
            |next| format!("{} is asked", name(&next.agency_id)),
        )
    };
    Some(match entry.event.as_str() {
        "sent" => format!("it is sent: {}", asked(0)),
        "rejected" => {
            let place = referral.choices.iter().find(|one| one.agency_id == entry.agency_id)?.position;
            format!("{who} says no; {}", asked(place))
        }
        "expired" => "nobody has answered in time".to_owned(),
        "accepted" => format!("{who} accepts"),
        "appointment_scheduled" => format!("{who} says when she is to come"),
        "attended" => format!("{who}: she has come"),
        "in_progress" => format!("{who} looks after her"),
        "completed" => format!("{who}: she was served as asked; it is over"),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use helpline_proto::referral::v1::ReferralChoice;
    use prost_types::Timestamp;

    #[test]
    fn a_no_is_told_with_who_is_asked_instead() {
        let choice = |position: i32, agency: &str, asked: bool| ReferralChoice {
            position,
            agency_id: agency.to_owned(),
            offer_time: asked.then(Timestamp::default),
            ..ReferralChoice::default()
        };
        let names = Names::from([("a".to_owned(), "A".to_owned()), ("b".to_owned(), "B".to_owned())]);
        let no = ReferralEntry {
            event: "rejected".to_owned(),
            agency_id: "a".to_owned(),
            ..ReferralEntry::default()
        };
        let mut referral =
            Referral { choices: vec![choice(1, "a", true), choice(2, "b", true)], ..Referral::default() };
        assert_eq!(sentence(&no, &referral, &names).unwrap(), "A says no; B is asked");
        referral.choices.truncate(1);
        assert_eq!(sentence(&no, &referral, &names).unwrap(), "A says no; nobody is left who could be asked");
        assert!(sentence(&ReferralEntry::default(), &referral, &names).is_none());
    }
}
