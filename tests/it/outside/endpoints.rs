//! Where agencies are told, and by what they know that it is us.

use helpline_domain::caller::Role;
use helpline_proto::channels::v1::{
    CreateEndpointRequest, DisableEndpointRequest, DisabledReason, EnableEndpointRequest, EndpointKind,
    ListEndpointsRequest, RotateSecretRequest, SignatureScheme,
};
use helpline_tests::{refused, request_id};
use tonic::Code;

use super::scene::Scene;

#[tokio::test]
async fn what_cannot_be_an_address_is_refused() {
    let scene = Scene::set_with("").await;
    let kinds = [
        (EndpointKind::Webhook, SignatureScheme::V1, "http://agency.example/"),
        (EndpointKind::Webhook, SignatureScheme::V1a, "https://169.254.169.254/latest"),
        (EndpointKind::Webhook, SignatureScheme::V1, "https://user:word@agency.example/"),
        (EndpointKind::Email, SignatureScheme::Unspecified, "nobody"),
        (EndpointKind::Email, SignatureScheme::Unspecified, "a@b.example\r\nBcc: c@d.example"),
        (EndpointKind::Sms, SignatureScheme::Unspecified, "97440000000"),
        (EndpointKind::Sms, SignatureScheme::Unspecified, "+974 4000"),
    ];
    for (kind, signature, address) in kinds {
        let request = CreateEndpointRequest { kind: kind.into(), ..scene.webhook(address, signature) };
        let refused = refused(scene.world.administrator().endpoints().create_endpoint(request).await);
        assert_eq!((refused.code, refused.fields), (Code::InvalidArgument, vec!["address".to_owned()]));
    }
    let unsigned = scene.webhook("https://agency.example/", SignatureScheme::Unspecified);
    let refused_unsigned = refused(scene.world.administrator().endpoints().create_endpoint(unsigned).await);
    assert_eq!(refused_unsigned.fields, ["signature"]);
}

#[tokio::test]
async fn address_and_secret_are_sealed_and_the_private_key_is_never_shown() {
    let scene = Scene::set().await;
    let (_, shared) = scene.endpoint(scene.webhook("https://marker.example/", SignatureScheme::V1)).await;
    let (_, public) = scene.endpoint(scene.webhook("https://marker.example/", SignatureScheme::V1a)).await;
    assert!(shared.starts_with("whsec_") && public.starts_with("whpk_"));
    let rows = scene.sql(
        "SELECT encode(address_sealed, 'escape') || encode(secret_sealed, 'escape') FROM helpline.endpoints",
    );
    assert!(rows.iter().all(|row| !row.contains("marker") && !row.contains("whs")));
    let listed = ListEndpointsRequest { agency_id: scene.agency.clone(), ..ListEndpointsRequest::default() };
    let listed = scene.world.administrator().endpoints().list_endpoints(listed).await.unwrap().into_inner();
    assert_eq!(listed.endpoints.len(), 2);
    assert_eq!(listed.endpoints[0].address, "https://marker.example/");
    assert!(!format!("{listed:?}").contains("marker"), "no log can say it");
}

#[tokio::test]
async fn an_endpoint_is_switched_off_and_on_by_its_own_centre_alone() {
    let scene = Scene::set().await;
    let hook = scene.hook("https://agency.example/").await;
    let mut endpoints = scene.world.administrator().endpoints();
    for _ in 0..2 {
        let disable = DisableEndpointRequest { request_id: request_id(), endpoint_id: hook.clone() };
        let disabled = endpoints.disable_endpoint(disable).await.unwrap().into_inner().endpoint.unwrap();
        assert_eq!(disabled.disabled(), DisabledReason::ByHand);
    }
    let enable = EnableEndpointRequest { request_id: request_id(), endpoint_id: hook.clone() };
    let enabled = endpoints.enable_endpoint(enable).await.unwrap().into_inner().endpoint.unwrap();
    assert_eq!(enabled.disabled(), DisabledReason::Unspecified);

    let other = scene.world.another_centre().await;
    let stranger = scene.world.bearer(other.id, Role::Administrator, None).await;
    let disable = DisableEndpointRequest { request_id: request_id(), endpoint_id: hook };
    assert_eq!(refused(stranger.endpoints().disable_endpoint(disable).await).code, Code::NotFound);
    let list = ListEndpointsRequest { agency_id: scene.agency.clone(), ..ListEndpointsRequest::default() };
    assert_eq!(refused(stranger.endpoints().list_endpoints(list).await).code, Code::NotFound);
}

#[tokio::test]
async fn only_what_is_signed_has_a_secret_to_rotate() {
    let scene = Scene::set().await;
    let number = scene.number().await;
    let rotate = RotateSecretRequest { request_id: request_id(), endpoint_id: number, overlap: None };
    let refused_number = refused(scene.world.administrator().endpoints().rotate_secret(rotate).await);
    assert_eq!(
        (refused_number.reason.as_str(), refused_number.metadata("state")),
        ("STATE_REFUSED", "unsigned")
    );
    let hook = scene.hook("https://agency.example/").await;
    let week = prost_types::Duration { seconds: 8 * 86_400, nanos: 0 };
    let rotate = RotateSecretRequest { request_id: request_id(), endpoint_id: hook, overlap: Some(week) };
    let refused_long = refused(scene.world.administrator().endpoints().rotate_secret(rotate).await);
    assert_eq!(refused_long.fields, ["overlap"]);
}
