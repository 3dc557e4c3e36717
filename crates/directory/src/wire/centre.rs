//! The centre.

use helpline_proto::directory::v1::Centre as Message;
use helpline_service_kit::wire::timestamp;
use helpline_store::settings::Centre;

/// A centre as its message.
pub(crate) fn to_message(centre: Centre) -> Message {
    Message {
        centre_id: centre.centre_id.to_string(),
        name: centre.name,
        create_time: Some(timestamp(centre.created_at)),
        settings_version: centre.settings_version,
    }
}
