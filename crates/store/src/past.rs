//! Contacts recorded after the fact.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use helpline_domain::channel::Channel;
use helpline_domain::closing::Closing;
use helpline_domain::id::ContactId;
use helpline_domain::requirement::Requirement;
use helpline_domain::risk::Risk;
use helpline_vault::Sensitive;
use sqlx::types::Json;

use crate::change::{Change, Command, change, change_query};
use crate::contact::{Contact, ContactRow, contact_columns};
use crate::sealing::{DISPLAY_NAME, SENDER, SUMMARY};
use crate::{Store, StoreError};

const RECORD_PAST: &str = change!(
    event: "past_contact_recorded", resource: "contact_id", about: ("contact_id", "counsellor_id", "NULL::uuid"), detail: "NULL::jsonb",
    with: "changed AS (
        INSERT INTO helpline.contacts (centre_id, contact_id, channel, medium, state, risk, class, queue, language,
            signature, received_at, deadline_at, answered_at, ended_at, counsellor_id, settings_version, sender_index,
            sender_sealed, display_name_sealed, closing, summary_sealed)
        SELECT $1, $7, $8, $9, CASE WHEN $20::jsonb IS NULL THEN 'waiting_offline' ELSE 'closed' END, $10, $11, $12, $13,
            $14, $15, $15, $15, CASE WHEN $20::jsonb IS NOT NULL THEN helpline.now() END, $16, $17, $18, $19, $22, $20, $21
        WHERE $15 <= helpline.now()
        RETURNING *)";
    returning: contact_columns!(),
);

/// A contact about to be recorded after the fact.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each field is described on the message of the API")]
pub struct PastContact {
    pub contact_id: ContactId,
    pub channel: Channel,
    pub risk: Risk,
    pub queue: String,
    pub language: Option<String>,
    pub received_at: DateTime<Utc>,
    pub settings_version: i64,
    pub sender: Option<Sensitive<String>>,
    pub display_name: Option<Sensitive<String>>,
    pub closing: Option<(Closing, Sensitive<String>)>,
}

impl Store {
    /// Records a contact after the fact, as the calling counsellor's. Refused when it lies in the future.
    pub async fn record_past(
        &self,
        command: &Command,
        past: &PastContact,
    ) -> Result<Change<Contact>, StoreError> {
        let centre = command.centre();
        let row = past.contact_id.as_uuid();
        let requirement = Requirement {
            medium: past.channel.medium(),
            language: past.language.clone(),
            skills: BTreeMap::new(),
        };
        let query = change_query::<ContactRow>(RECORD_PAST, command)
            .bind(row)
            .bind(past.channel.key())
            .bind(past.channel.medium().key())
            .bind(past.risk.number())
            .bind(past.risk.class(past.channel).number())
            .bind(past.queue.clone())
            .bind(past.language.clone())
            .bind(self.signature(centre, &requirement))
            .bind(past.received_at)
            .bind(command.caller.principal())
            .bind(past.settings_version)
            .bind(self.index_some(centre, "sender", past.sender.as_ref()))
            .bind(self.seal_some(SENDER, centre, row, past.sender.as_ref()))
            .bind(past.closing.as_ref().map(|(closing, _)| Json(closing.clone())))
            .bind(self.seal_some(SUMMARY, centre, row, past.closing.as_ref().map(|(_, summary)| summary)))
            .bind(self.seal_some(DISPLAY_NAME, centre, row, past.display_name.as_ref()));
        self.change(command, query).await?.try_map(|row| self.contact_from(centre, row))
    }
}
