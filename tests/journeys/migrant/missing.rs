//! A missing child is searched for by everybody but the mission that the child is afraid of.

use helpline_proto::channels::v1::EndpointKind;
use helpline_proto::escalation::v1::{
    AskChildAlertUpdateRequest, ChildAlert, Escalation, GetChildAlertRequest, RaiseEscalationRequest,
};
use helpline_proto::options::v1::FieldClass;
use helpline_tests::child_alert::{
    approve, ask, content, disclose_to, lets_send_alerts, report_of_a_missing_child,
};
use helpline_tests::migrant::{answer_override, ask_override, fear};
use helpline_tests::{Actor, request_id};
use tonic::{Code, Status};

use super::room::{HOUR, Room};
use crate::escalation::room::raise;
use crate::escalation::undelivered::endpoint;
use crate::referral::room::Partner;
use crate::stage::why;

async fn get_alert(by: &Actor, alert: &ChildAlert) -> Result<ChildAlert, Status> {
    let request = GetChildAlertRequest { alert_id: alert.alert_id.clone() };
    Ok(by.child_alerts().get_child_alert(request).await?.into_inner().alert.unwrap())
}

/// A child is missing, and a hotline and missions of a country may know what an alert says.
struct Search {
    room: Room,
    amina: Actor,
    missing: Escalation,
    hotline: Partner,
    missions: Vec<Partner>,
}

impl Search {
    async fn with(missions: usize) -> Self {
        let room = Room::new().await;
        lets_send_alerts(&room.stage.world).await;
        let (amina, hotline) = (room.stage.world.supervisor().await, Partner::new(&room.stage).await);
        let case_id = room.case.case_id.clone();
        let missing =
            raise(room.by(), RaiseEscalationRequest { case_id, ..report_of_a_missing_child() }).await;
        let mut search = Self { room, amina, missing, hotline, missions: Vec::new() };
        for _ in 0..missions {
            search.missions.push(search.room.embassy("SY").await);
        }
        for one in search.missions.iter().chain([&search.hotline]) {
            let agency = one.agency.to_string();
            disclose_to(search.room.by(), &search.missing.escalation_id, &agency).await;
        }
        search
    }

    async fn asked(&self, partners: &[&Partner]) -> ChildAlert {
        let ids: Vec<String> = partners.iter().map(|one| one.agency.to_string()).collect();
        let content = content(&ids.iter().map(String::as_str).collect::<Vec<_>>());
        ask(self.room.by(), &self.missing.escalation_id, content).await.unwrap()
    }

    async fn is_afraid(&self) {
        self.room.by().protect(fear(&self.room.case.case_id, "SY")).await.unwrap();
    }
}

/// Nobody learns that there is one.
async fn is_not_told(partner: &Partner, alert: &ChildAlert) {
    assert_eq!(get_alert(&partner.responder, alert).await.unwrap_err().code(), Code::NotFound);
}

#[tokio::test]
async fn an_update_is_for_everybody_but_the_mission_that_is_feared_since() {
    let search = Search::with(1).await;
    let (hotline, embassy) = (&search.hotline, &search.missions[0]);
    let issued = approve(&search.amina, &search.asked(&[hotline, embassy]).await).await.unwrap();
    assert!(get_alert(&embassy.responder, &issued).await.is_ok());
    search.is_afraid().await;
    let replace = AskChildAlertUpdateRequest {
        request_id: request_id(),
        alert_id: issued.alert_id,
        content: Some(content(&[&hotline.agency.to_string()])),
    };
    let by = search.room.by();
    let asked = by.child_alerts().ask_child_alert_update(replace).await.unwrap().into_inner().alert.unwrap();
    let update = approve(&search.amina, &asked).await.unwrap();
    assert!(get_alert(&hotline.responder, &update).await.is_ok());
    is_not_told(embassy, &update).await;
}

#[tokio::test]
async fn an_alert_that_was_asked_for_before_the_fear_is_issued_to_everybody_but_the_mission() {
    let search = Search::with(1).await;
    let (hotline, embassy) = (&search.hotline, &search.missions[0]);
    let (both, alone) = (search.asked(&[hotline, embassy]).await, search.asked(&[embassy]).await);
    search.is_afraid().await;
    let issued = approve(&search.amina, &both).await.unwrap();
    assert!(get_alert(&hotline.responder, &issued).await.is_ok());
    is_not_told(embassy, &issued).await;
    // An alert that nobody would hear searches for nobody.
    let refused = why(approve(&search.amina, &alone).await);
    let agency = embassy.agency.to_string();
    assert_eq!((refused.reason.as_str(), refused.metadata("agency")), ("NOT_DISCLOSED", &*agency));
}

#[tokio::test]
async fn an_override_lets_that_mission_alone_hear_an_alert_and_only_if_it_may_know_all_of_it() {
    let search = Search::with(3).await;
    let (room, hotline) = (&search.room, &search.hotline);
    let [all, part, none] = &search.missions[..] else { panic!("three missions") };
    for one in &search.missions {
        endpoint(&room.stage, one.agency, EndpointKind::Email, "duty@embassy.example").await;
    }
    let asked = search.asked(&[hotline, all, part, none]).await;
    search.is_afraid().await;
    for (mission, classes) in [(all, None), (part, Some(FieldClass::Identity))] {
        let mut some = ask_override(&room.case.case_id, mission.agency);
        if let Some(class) = classes {
            some.field_classes = vec![class.into()];
        }
        let one = room.by().ask_consulate(some).await.unwrap();
        search.amina.answer_consulate(answer_override(&one.override_id, true)).await.unwrap();
    }
    let issued = approve(&search.amina, &asked).await.unwrap();
    let mut hear = Vec::new();
    for one in [hotline, all, part, none] {
        hear.push(get_alert(&one.responder, &issued).await.is_ok());
    }
    let told =
        "SELECT string_agg(agency_id::text, ' ') FROM helpline.deliveries WHERE event = 'child_alert.issued'";
    let expected = (vec![true, true, false, false], all.agency.to_string());
    assert_eq!((hear, room.stage.value(told)), expected);
    room.wait(HOUR);
    is_not_told(all, &issued).await;
}
