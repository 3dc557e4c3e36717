//! What the generated code promises to everybody who stands on it.

use std::time::Duration;

use helpline_proto::intake::v1::{GetContactRequest, ReceiveContactRequest, SendMessageRequest};
use helpline_proto::terms::v1::Channel;
use helpline_proto::{FILE_DESCRIPTOR_SET, METHODS, Role, SERVICES, method};
use prost_reflect::{DescriptorPool, Kind};

#[expect(clippy::unwrap_used, reason = "a test's own helper")]
fn pool() -> DescriptorPool {
    DescriptorPool::decode(FILE_DESCRIPTOR_SET).unwrap()
}

#[test]
fn debug_prints_the_class_of_a_personal_field_and_never_its_value() {
    let request = ReceiveContactRequest {
        request_id: "3f0c".to_owned(),
        channel: Channel::Sms.into(),
        external_id: "SECRET-1".to_owned(),
        sender: "SECRET-2".to_owned(),
        display_name: "SECRET-3".to_owned(),
        queue: "night".to_owned(),
        ..ReceiveContactRequest::default()
    };
    let printed = format!("{request:?} {request:#?}");
    assert!(!printed.contains("SECRET"), "{printed}");
    assert!(printed.contains("sender: [contact]"), "{printed}");
    assert!(printed.contains("display_name: [identity]"), "{printed}");
    assert!(printed.contains("channel: Sms"), "{printed}");
    assert!(printed.contains("queue: \"night\""), "{printed}");

    let message = SendMessageRequest { text: "SECRET-4".to_owned(), ..SendMessageRequest::default() };
    assert!(format!("{message:?}").contains("text: [narrative]"));
}

#[test]
fn debug_hides_whether_a_personal_field_is_empty() {
    let empty = SendMessageRequest::default();
    let full = SendMessageRequest { text: "x".to_owned(), ..SendMessageRequest::default() };
    assert_eq!(format!("{empty:?}"), format!("{full:?}"));
}

#[test]
fn a_message_without_personal_fields_prints_as_usual() {
    let printed = format!("{:?}", GetContactRequest { contact_id: "c".to_owned() });
    assert_eq!(printed, "GetContactRequest { contact_id: \"c\" }");
}

#[test]
fn every_method_of_every_service_is_in_the_table() {
    let mut paths = Vec::new();
    let mut services = Vec::new();
    for service in pool().services().filter(|service| service.full_name().starts_with("helpline.")) {
        services.push(service.full_name().to_owned());
        for described in service.methods() {
            let path = format!("/{}/{}", service.full_name(), described.name());
            let found = method(&path).unwrap();
            assert_eq!(found.service, service.full_name());
            assert_eq!(found.name, described.name());
            assert_eq!(found.streaming, described.is_server_streaming());
            assert_eq!(found.streaming, found.max_deadline == Duration::ZERO);
            assert!(!found.roles.is_empty() && !found.roles.contains(&Role::Unspecified), "{path}");
            let request_id = described.input().get_field_by_name("request_id");
            assert_eq!(found.changes, request_id.is_some_and(|field| field.kind() == Kind::String), "{path}");
            paths.push(path);
        }
    }
    paths.sort();
    services.sort();
    assert_eq!(METHODS.iter().map(|method| method.path).collect::<Vec<_>>(), paths);
    assert_eq!(SERVICES, services);
    assert!(method("/helpline.intake.v1.ContactService/Nonsense").is_none());
}

#[test]
fn the_descriptor_set_keeps_custom_options_and_comments() {
    let pool = pool();
    let access = pool.get_extension_by_name("helpline.options.v1.access").unwrap();
    let service = pool.get_service_by_name("helpline.intake.v1.ContactService").unwrap();
    assert!(service.methods().all(|method| method.options().has_extension(&access)));
    let file = service.parent_file();
    assert!(file.file_descriptor_proto().source_code_info.is_some());
}
