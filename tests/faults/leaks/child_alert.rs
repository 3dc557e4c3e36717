//! A missing-child alert with a marker in each of its texts.

use helpline_domain::caller::Role;
use helpline_proto::directory::v1::{GetSettingsRequest, PublishSettingsRequest};
use helpline_proto::escalation::v1::{ChildAlertContent, ChildAlertScope, GetChildAlertDocumentRequest};
use helpline_tests::child_alert::{SENDER, a_child_is_missing, approve, ask, content, disclose_to};
use helpline_tests::process::Fleet;
use helpline_tests::request_id;
use tonic::Status;

use super::scan::Markers;

/// Asked for, approved and fetched; and what is refused meanwhile.
pub(super) async fn play(fleet: &Fleet, markers: &Markers, statuses: &mut Vec<(&'static str, Status)>) {
    let (supervisor, colleague) =
        (fleet.bearer(Role::Supervisor, None), fleet.bearer(Role::Supervisor, None));
    lets_send(fleet).await;
    let agency_id = request_id();
    fleet.sql(&format!(
        "INSERT INTO helpline.agencies (centre_id, agency_id, display_name, kind, field_classes)
         VALUES ('{}', '{agency_id}', 'An agency', 'police', '{{identity,narrative,location}}')",
        fleet.centre
    ));
    let escalation_id = a_child_is_missing(&supervisor).await;
    let good = with_markers(content(&[&agency_id]), markers);
    let headline = good.infos[0].headline.clone();
    let changed = |change: &dyn Fn(&mut ChildAlertContent)| {
        let mut content = good.clone();
        change(&mut content);
        content
    };
    let wrong = [
        ("a long headline", changed(&|one| one.infos[0].headline = headline.repeat(20))),
        ("a headline as a language", changed(&|one| headline.clone_into(&mut one.infos[0].language))),
        (
            "a headline as a polygon",
            changed(&|one| {
                headline.clone_into(&mut one.area.as_mut().expect("an area").polygons[0]);
            }),
        ),
        ("a headline as an agency", changed(&|one| headline.clone_into(&mut one.agency_ids[0]))),
        ("a character that is none", changed(&|one| one.infos[0].description.push('\u{ffff}'))),
    ];
    for (what, content) in wrong {
        let refused = ask(&supervisor, &escalation_id, content).await;
        statuses.push((what, refused.expect_err(what)));
    }
    let asked = ask(&supervisor, &escalation_id, good).await.expect("an alert");
    statuses.push(("what is not disclosed", approve(&colleague, &asked).await.expect_err("not disclosed")));
    disclose_to(&supervisor, &escalation_id, &agency_id).await;
    let issued = approve(&colleague, &asked).await.expect("the alert");
    let fetch = GetChildAlertDocumentRequest {
        alert_id: issued.alert_id.clone(),
        ..GetChildAlertDocumentRequest::default()
    };
    let fetched = supervisor.child_alerts().get_child_alert_document(fetch).await.expect("its document");
    assert!(fetched.into_inner().document.contains(&headline), "the marker is in it");
    statuses.push(("a second approval", approve(&colleague, &asked).await.expect_err("issued")));
}

fn with_markers(mut content: ChildAlertContent, markers: &Markers) -> ChildAlertContent {
    let marker = |field: &str| markers.of(field).to_owned();
    content.scope = ChildAlertScope::Restricted.into();
    content.restriction = marker("alert_restriction");
    let info = &mut content.infos[0];
    info.headline = marker("alert_headline");
    info.description = marker("alert_description");
    info.instruction = marker("alert_instruction");
    info.contact = marker("alert_contact");
    info.area_description = marker("alert_area");
    content
}

async fn lets_send(fleet: &Fleet) {
    let mut client = fleet.bearer(Role::Administrator, None).centre();
    let answer = client.get_settings(GetSettingsRequest::default()).await.expect("the settings").into_inner();
    let mut settings = answer.settings.expect("the settings");
    SENDER.clone_into(&mut settings.alert_sender);
    let publish =
        PublishSettingsRequest { request_id: request_id(), settings: Some(settings), expected_version: 0 };
    client.publish_settings(publish).await.expect("published");
}
