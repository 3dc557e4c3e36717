//! Sealing of columns: which value stands in which place.

use helpline_domain::id::CentreId;
use helpline_vault::{Place, Sensitive};
use uuid::Uuid;

use crate::{Store, StoreError};

/// A sealed column.
#[derive(Clone, Copy)]
#[expect(clippy::struct_field_names, reason = "the column of a sealed column is its name")]
pub(crate) struct Column {
    pub(crate) table: &'static str,
    pub(crate) column: &'static str,
    /// What `Debug` shows of the opened value.
    pub(crate) kind: &'static str,
}

pub(crate) const EXTERNAL: Column = Column { table: "contacts", column: "external", kind: "contact" };
pub(crate) const SENDER: Column = Column { table: "contacts", column: "sender", kind: "contact" };
pub(crate) const DISPLAY_NAME: Column =
    Column { table: "contacts", column: "display_name", kind: "identity" };
pub(crate) const SUMMARY: Column = Column { table: "contacts", column: "summary", kind: "narrative" };
pub(crate) const BLOCKED_SENDER: Column = Column { table: "blocks", column: "sender", kind: "contact" };
pub(crate) const ANSWERS: Column = Column { table: "contacts", column: "answers", kind: "narrative" };
pub(crate) const NUMBER: Column = Column { table: "callbacks", column: "number", kind: "contact" };
pub(crate) const SAFE_WORDS: Column = Column { table: "callbacks", column: "safe_words", kind: "narrative" };
pub(crate) const TEXT: Column = Column { table: "messages", column: "text", kind: "narrative" };

pub(crate) const ADDRESS: Column = Column { table: "participations", column: "address", kind: "contact" };
pub(crate) const BRIEFING: Column = Column { table: "participations", column: "briefing", kind: "narrative" };

pub(crate) const QUESTION: Column =
    Column { table: "second_opinions", column: "question", kind: "narrative" };
pub(crate) const ANSWER: Column = Column { table: "second_opinions", column: "answer", kind: "narrative" };
pub(crate) const ESCALATION_IDENTITY: Column =
    Column { table: "escalations", column: "identity", kind: "identity" };
pub(crate) const ESCALATION_CONTACT: Column =
    Column { table: "escalations", column: "contact", kind: "contact" };
pub(crate) const ESCALATION_NARRATIVE: Column =
    Column { table: "escalations", column: "narrative", kind: "narrative" };
pub(crate) const ESCALATION_HEALTH: Column =
    Column { table: "escalations", column: "health", kind: "health" };
pub(crate) const ESCALATION_PERPETRATOR: Column =
    Column { table: "escalations", column: "perpetrator", kind: "perpetrator" };
pub(crate) const THEIR_INCIDENT: Column =
    Column { table: "escalations", column: "their_incident", kind: "legal" };
pub(crate) const CHILD_ALERT: Column = Column { table: "child_alerts", column: "content", kind: "narrative" };
pub(crate) const PLACE: Column = Column { table: "escalation_locations", column: "place", kind: "location" };
pub(crate) const REMARK: Column = Column { table: "escalation_events", column: "remark", kind: "narrative" };
/// Of locations, addresses, phones and people: any may be what must not be told.
pub(crate) const SERVICE_RECORD: Column =
    Column { table: "service_records", column: "record", kind: "location" };
pub(crate) const SERVICE_RULES: Column = Column { table: "services", column: "rules", kind: "contact" };
pub(crate) const ENDPOINT: Column = Column { table: "endpoints", column: "address", kind: "contact" };
/// Also of the secret before the present one, which moves to its column as it is.
pub(crate) const SECRET: Column = Column { table: "endpoints", column: "secret", kind: "secret" };

impl Store {
    pub(crate) fn seal(&self, column: Column, centre: CentreId, row: Uuid, text: &str) -> Vec<u8> {
        let place = Place { table: column.table, column: column.column, row, centre: centre.as_uuid() };
        self.vault.seal(place, text.as_bytes()).into_bytes()
    }

    /// Seals what is there; nothing for nothing and for the empty text.
    pub(crate) fn seal_some(
        &self,
        column: Column,
        centre: CentreId,
        row: Uuid,
        text: Option<&Sensitive<String>>,
    ) -> Option<Vec<u8>> {
        text.filter(|text| !text.expose().is_empty())
            .map(|text| self.seal(column, centre, row, text.expose()))
    }

    pub(crate) fn open(
        &self,
        column: Column,
        centre: CentreId,
        row: Uuid,
        sealed: &[u8],
    ) -> Result<Sensitive<String>, StoreError> {
        let place = Place { table: column.table, column: column.column, row, centre: centre.as_uuid() };
        let bytes = self.vault.open(place, sealed)?;
        let text = String::from_utf8(bytes)
            .map_err(|_| StoreError::Inconsistent { table: column.table, column: column.column })?;
        Ok(Sensitive::new(column.kind, text))
    }

    pub(crate) fn open_some(
        &self,
        column: Column,
        centre: CentreId,
        row: Uuid,
        sealed: Option<&[u8]>,
    ) -> Result<Option<Sensitive<String>>, StoreError> {
        sealed.map(|sealed| self.open(column, centre, row, sealed)).transpose()
    }
}
