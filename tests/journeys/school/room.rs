//! A teacher who called, and the counsellor who listened.

use helpline_proto::intake::v1::Contact;
use helpline_tests::school::file;
use helpline_tests::{Abilities, Actor};

use crate::desk::Desk;
use crate::stage::{Stage, call};

pub(crate) const HOUR: f64 = 3600.0;
pub(crate) const DAY: f64 = 24.0 * HOUR;

/// A counsellor, with the call of a teacher in hand.
pub(crate) struct School {
    pub(crate) stage: Stage,
    pub(crate) desk: Desk,
    pub(crate) contact: Contact,
}

impl School {
    pub(crate) async fn new() -> Self {
        let stage = Stage::set().await;
        let desk = stage.desk(Abilities::speaking(&["ar"])).await;
        stage.receive(call("ar")).await;
        let contact = desk.take().await;
        Self { stage, desk, contact }
    }

    /// The counsellor.
    pub(crate) fn amina(&self) -> &Actor {
        &self.desk.actor
    }

    /// A report that the counsellor has filed; its id.
    pub(crate) async fn filed(&self) -> String {
        self.amina().file_report(file(&self.contact.contact_id)).await.unwrap().school_report_id
    }

    /// How many alerts of a kind are open, and how many were ever.
    pub(crate) fn alerts(&self, kind: &str) -> String {
        self.stage.value(&format!(
            "SELECT count(*) FILTER (WHERE closed_at IS NULL) || ' of ' || count(*) FROM helpline.alerts WHERE kind = '{kind}'"
        ))
    }
}
