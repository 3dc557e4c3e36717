//! A callback is promised: by the child's choice in the line, or by a counsellor.

use chrono::{DateTime, Utc};
use helpline_domain::callback::CallbackKind;
use helpline_domain::channel::Channel;
use helpline_domain::id::CallbackId;
use helpline_domain::requirement::Requirement;
use helpline_domain::risk::Class;
use helpline_vault::Sensitive;
use sqlx::FromRow;
use sqlx::postgres::PgRow;

use super::{Moved, MovedRow, moved_columns};
use crate::change::{Change, ChangeQuery, Command, change, change_query};
use crate::contact::Contact;
use crate::offer::{offer_is_seen, withdraw_open};
use crate::participation::free_holds;
use crate::sealing::{NUMBER, SAFE_WORDS};
use crate::{Store, StoreError};

/// A callback about to be promised.
#[derive(Clone, Debug)]
pub struct NewCallback {
    /// Its id.
    pub callback_id: CallbackId,
    /// Eight digits to speak of it by.
    pub reference: String,
    /// What is promised.
    pub kind: CallbackKind,
    /// When; `None` for now.
    pub due_at: Option<DateTime<Utc>>,
    /// End of the window; `None` for the usual one.
    pub until_at: Option<DateTime<Utc>>,
    /// The usual window, in seconds.
    pub window_s: u32,
    /// From the due time to the alarm, in seconds.
    pub overdue_after_s: u32,
    /// Attempts at most.
    pub most_attempts: u32,
    /// How the child is called.
    pub channel: Channel,
    /// Place in line.
    pub class: Class,
    /// Wait intended from the due time on, in seconds.
    pub target_s: u32,
    /// Version of the settings.
    pub settings_version: i64,
    /// The number; `None` for the sender of the contact.
    pub number: Option<Sensitive<String>>,
    /// What may be said, and to whom.
    pub safe_words: Option<Sensitive<String>>,
}

/// The columns that every promise fills. A work contact is named by the one from the line alone.
macro_rules! promised_columns {
    () => {
        "centre_id, callback_id, kind, state, reference, origin_contact_id, work_contact_id, due_at, until_at, next_attempt_at,
            overdue_at, most_attempts, channel, medium, queue, language, skills, signature, risk, class, target_s, number_index,
            number_sealed, safe_words_sealed, promised_by, promised_role, preferred_counsellor_id, brought_by, settings_version,
            promised_at"
    };
}
pub(crate) use promised_columns;

/// The promise on a contact that stands in the CTE `contact`.
macro_rules! promised {
    ($work:literal) => {
        concat!(
            "promised AS (
                INSERT INTO helpline.callbacks (",
            promised_columns!(),
            ")
                SELECT $1, $8, $9, 'promised', $10, contact_id, ",
            $work,
            ", due, coalesce($12, due + make_interval(secs => $13)), due,
                    due + make_interval(secs => $14), $15, $16, $17, queue, language, skills, $18, risk, $19, $20,
                    coalesce($21, sender_index), $22, $23, $2, $3, CASE WHEN $3 = 'counsellor' THEN $2 END, brought_by, $24,
                    helpline.now()
                FROM contact CROSS JOIN LATERAL (SELECT greatest(coalesce($11::timestamptz, helpline.now()), helpline.now()) AS due) asked
                RETURNING *)"
        )
    };
}

const FROM_LINE: &str = change!(
    event: "callback_promised", resource: "callback_id", about: ("origin_contact_id", "old_holder", "old_offer"),
    detail: "jsonb_build_object('callback_id', callback_id, 'kind', kind, 'from', old_state, 'due_at', due_at)",
    with: "before AS (
        SELECT contact_id AS id, state AS old_state, class AS old_class, medium AS old_medium, holder_id AS old_holder,
            offer_id AS old_offer
        FROM helpline.contacts
        WHERE centre_id = $1 AND contact_id = $7 AND state IN ('waiting', 'offered') AND callback_id IS NULL AND brought_by = $25
          AND coalesce($21, sender_index) IS NOT NULL
        FOR UPDATE),
    contact AS (
        UPDATE helpline.contacts c SET state = 'callback_promised', callback_id = $8, holder_id = NULL, offer_id = NULL, open_offers = '{}',
            revision = c.revision + 1
        FROM before WHERE c.centre_id = $1 AND c.contact_id = $7 AND ", offer_is_seen!(), "
        RETURNING c.*, old_state, old_class, old_medium, old_holder, old_offer), ",
    promised!("contact_id"), ",
    changed AS (
        SELECT promised.*, old_state, old_class, old_medium, old_holder, old_offer FROM promised CROSS JOIN before),
    ", withdraw_open!("contact", "callback_promised"), ",
    holds AS (SELECT ended_of AS counsellor_id, old_medium AS medium, false AS worked FROM ended CROSS JOIN before)",
    free_holds!("");
    returning: moved_columns!(),
);

const BY_COUNSELLOR: &str = change!(
    event: "callback_promised", resource: "callback_id", about: ("origin_contact_id", "promised_by", "NULL::uuid"),
    detail: "jsonb_build_object('callback_id', callback_id, 'kind', kind, 'due_at', due_at)",
    with: "contact AS (
        SELECT * FROM helpline.contacts
        WHERE centre_id = $1 AND contact_id = $7 AND counsellor_id = $25 AND state IN ('in_progress', 'wrap_up', 'closed')
          AND coalesce($21, sender_index) IS NOT NULL), ",
    promised!("NULL::uuid"), ",
    changed AS (SELECT * FROM promised)";
    returning: "callback_id",
);

impl Store {
    /// Promises a callback to somebody in line, as the adapter that brought them: the contact leaves the line and keeps
    /// its place.
    pub async fn promise_from_line(
        &self,
        command: &Command,
        seen: &Contact,
        new: &NewCallback,
    ) -> Result<Change<Moved>, StoreError> {
        let query = || {
            self.promise_query::<MovedRow>(FROM_LINE, command, seen, new)
                .bind(command.caller.token_id.as_uuid())
        };
        self.change_seeing_offers(command, query).await?.try_map(Moved::try_from)
    }

    /// Promises a callback as the counsellor of a contact.
    pub async fn promise_by_counsellor(
        &self,
        command: &Command,
        seen: &Contact,
        new: &NewCallback,
    ) -> Result<Change<CallbackId>, StoreError> {
        let query = self
            .promise_query::<(uuid::Uuid,)>(BY_COUNSELLOR, command, seen, new)
            .bind(command.caller.principal());
        Ok(self.change(command, query).await?.map(|(id,)| id.into()))
    }

    fn promise_query<R>(
        &self,
        sql: &'static str,
        command: &Command,
        seen: &Contact,
        new: &NewCallback,
    ) -> ChangeQuery<R>
    where
        R: for<'r> FromRow<'r, PgRow>,
    {
        let (centre, row) = (command.centre(), new.callback_id.as_uuid());
        let requirement = Requirement { medium: new.channel.medium(), ..seen.requirement() };
        change_query::<R>(sql, command)
            .bind(seen.contact_id.as_uuid())
            .bind(row)
            .bind(new.kind.key())
            .bind(new.reference.clone())
            .bind(new.due_at)
            .bind(new.until_at)
            .bind(f64::from(new.window_s))
            .bind(f64::from(new.overdue_after_s))
            .bind(i64::from(new.most_attempts))
            .bind(new.channel.key())
            .bind(new.channel.medium().key())
            .bind(self.signature(centre, &requirement))
            .bind(new.class.number())
            .bind(i64::from(new.target_s))
            .bind(self.index_some(centre, "sender", new.number.as_ref()))
            .bind(self.seal_some(NUMBER, centre, row, new.number.as_ref()))
            .bind(self.seal_some(SAFE_WORDS, centre, row, new.safe_words.as_ref()))
            .bind(new.settings_version)
    }
}
