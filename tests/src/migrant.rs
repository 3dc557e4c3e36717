//! Children on the move: what they are afraid of, cases that are handed on, children who are held.

use helpline_domain::id::AgencyId;
use helpline_proto::casework::v1::{
    AnswerConferenceRequest, AnswerConsulateOverrideRequest, AskConsulateOverrideRequest, AskRedirectRequest,
    BeginRedirectRequest, ConsulateOverride, DecideRedirectRequest, DepartFromAdviceRequest, Detention,
    DetentionOutcome, DetentionPlace, EndDetentionRequest, GetProtectionsRequest, GetRedirectRequest,
    LiftProtectionRequest, Protection, ProtectionKind, RecordConferenceRequest, RecordDetentionRequest,
    RecordProtectionRequest, Redirect, RedirectDecision,
};
use helpline_proto::directory::v1::{Agency, AgencyKind, CreateAgencyRequest};
use helpline_proto::escalation::v1::DisclosureGround;
use prost_types::{Duration, Timestamp};
use tonic::Status;

use crate::referral::every_class;
use crate::{Actor, World, request_id};

/// The child of a case is afraid of a country; of every country, if it is empty.
pub fn fear(case_id: &str, country: &str) -> RecordProtectionRequest {
    RecordProtectionRequest {
        request_id: request_id(),
        case_id: case_id.to_owned(),
        kind: ProtectionKind::Fear.into(),
        country: country.to_owned(),
        remark: "His father was taken there.".to_owned(),
    }
}

/// It is not so any more.
pub fn lift(protection_id: &str) -> LiftProtectionRequest {
    LiftProtectionRequest {
        request_id: request_id(),
        protection_id: protection_id.to_owned(),
        reason: "He says that it was a misunderstanding.".to_owned(),
    }
}

/// A mission may learn everything for an hour.
pub fn ask_override(case_id: &str, agency: AgencyId) -> AskConsulateOverrideRequest {
    AskConsulateOverrideRequest {
        request_id: request_id(),
        case_id: case_id.to_owned(),
        agency_id: agency.to_string(),
        field_classes: every_class(),
        ground: DisclosureGround::CourtOrder.into(),
        lifetime: Some(Duration { seconds: 3600, nanos: 0 }),
        reason: "The court orders that it is asked for a passport.".to_owned(),
    }
}

/// It is approved or not.
pub fn answer_override(override_id: &str, approve: bool) -> AnswerConsulateOverrideRequest {
    AnswerConsulateOverrideRequest {
        request_id: request_id(),
        override_id: override_id.to_owned(),
        approve,
        remark: String::new(),
    }
}

/// A child is held since then.
pub fn held(case_id: &str, since_time: Timestamp) -> RecordDetentionRequest {
    RecordDetentionRequest {
        request_id: request_id(),
        case_id: case_id.to_owned(),
        since_time: Some(since_time),
        place: DetentionPlace::BorderPost.into(),
        remark: "With two cousins.".to_owned(),
    }
}

/// And is not any more.
pub fn released(detention_id: &str) -> EndDetentionRequest {
    EndDetentionRequest {
        request_id: request_id(),
        detention_id: detention_id.to_owned(),
        outcome: DetentionOutcome::FosterCare.into(),
        remark: String::new(),
    }
}

/// A conference has advised.
pub fn conference(redirect_id: &str) -> RecordConferenceRequest {
    RecordConferenceRequest {
        request_id: request_id(),
        redirect_id: redirect_id.to_owned(),
        members: "The school, the clinic and his aunt.".to_owned(),
        advice: "He stays with his aunt.".to_owned(),
    }
}

/// Somebody departs from it.
pub fn depart(redirect_id: &str) -> DepartFromAdviceRequest {
    DepartFromAdviceRequest {
        request_id: request_id(),
        redirect_id: redirect_id.to_owned(),
        reason: "His aunt is ill and cannot keep him.".to_owned(),
    }
}

/// They answer it.
pub fn answer_conference(redirect_id: &str) -> AnswerConferenceRequest {
    AnswerConferenceRequest {
        request_id: request_id(),
        redirect_id: redirect_id.to_owned(),
        answer: "A family of the same village takes him in.".to_owned(),
    }
}

/// What is decided of a redirect.
pub fn decide(redirect_id: &str, decision: RedirectDecision) -> DecideRedirectRequest {
    DecideRedirectRequest {
        request_id: request_id(),
        redirect_id: redirect_id.to_owned(),
        decision: decision.into(),
    }
}

impl World {
    /// The embassy of a country, which may be told everything.
    pub async fn embassy(&self, country: &str) -> AgencyId {
        let agency = Agency {
            display_name: "An embassy".to_owned(),
            kind: AgencyKind::Embassy.into(),
            field_classes: every_class(),
            country: country.to_owned(),
            ..Agency::default()
        };
        let request = CreateAgencyRequest { request_id: request_id(), agency: Some(agency) };
        let answer = self.administrator().agencies().create_agency(request).await;
        let agency = answer.expect("an embassy").into_inner().agency.expect("the embassy");
        agency.agency_id.parse().expect("its id")
    }
}

/// Methods of actors that take a step and return what it is about.
macro_rules! steps {
    ($($(#[$doc:meta])* $name:ident: $service:ident.$rpc:ident($request:ident) -> $field:ident: $what:ident;)+) => {
        impl Actor {
            $($(#[$doc])*
            ///
            /// # Errors
            /// What was refused.
            pub async fn $name(&self, request: $request) -> Result<$what, Status> {
                Ok(self.$service().$rpc(request).await?.into_inner().$field.expect("what it is about"))
            })+
        }
    };
}

steps!(
    /// Records a protection.
    protect: protections.record_protection(RecordProtectionRequest) -> protection: Protection;
    /// Lifts one.
    lift_protection: protections.lift_protection(LiftProtectionRequest) -> protection: Protection;
    /// Asks for an override.
    ask_consulate: protections.ask_consulate_override(AskConsulateOverrideRequest) -> r#override: ConsulateOverride;
    /// Answers it.
    answer_consulate: protections.answer_consulate_override(AnswerConsulateOverrideRequest) -> r#override: ConsulateOverride;
    /// Decides on a redirect.
    decide_redirect: redirects.decide_redirect(DecideRedirectRequest) -> redirect: Redirect;
    /// Notes a conference.
    record_conference: redirects.record_conference(RecordConferenceRequest) -> redirect: Redirect;
    /// Departs from its advice.
    depart_from_advice: redirects.depart_from_advice(DepartFromAdviceRequest) -> redirect: Redirect;
    /// Answers it.
    answer_conference: redirects.answer_conference(AnswerConferenceRequest) -> redirect: Redirect;
    /// Notes that a child is held.
    detain: detentions.record_detention(RecordDetentionRequest) -> detention: Detention;
    /// Notes that a child is not held any more.
    release_child: detentions.end_detention(EndDetentionRequest) -> detention: Detention;
);

impl Actor {
    /// Begins a redirect.
    ///
    /// # Errors
    /// What was refused.
    pub async fn begin_redirect(&self, case_id: &str) -> Result<Redirect, Status> {
        let request = BeginRedirectRequest { request_id: request_id(), case_id: case_id.to_owned() };
        let answer = self.redirects().begin_redirect(request).await?.into_inner();
        Ok(answer.redirect.expect("the redirect"))
    }

    /// Asks organisations to take a case on, by a referral.
    ///
    /// # Errors
    /// What was refused.
    pub async fn ask_redirect(&self, redirect_id: &str, referral_id: &str) -> Result<Redirect, Status> {
        let request = AskRedirectRequest {
            request_id: request_id(),
            redirect_id: redirect_id.to_owned(),
            referral_id: referral_id.to_owned(),
        };
        Ok(self.redirects().ask_redirect(request).await?.into_inner().redirect.expect("the redirect"))
    }

    /// The redirect of a case.
    ///
    /// # Errors
    /// What was refused.
    pub async fn redirect_of(&self, case_id: &str) -> Result<Redirect, Status> {
        let request = GetRedirectRequest { case_id: case_id.to_owned() };
        Ok(self.redirects().get_redirect(request).await?.into_inner().redirect.expect("the redirect"))
    }

    /// What a case has of protections.
    ///
    /// # Errors
    /// What was refused.
    pub async fn protections_of(&self, case_id: &str) -> Result<Vec<Protection>, Status> {
        let request = GetProtectionsRequest { case_id: case_id.to_owned() };
        Ok(self.protections().get_protections(request).await?.into_inner().protections)
    }
}

impl World {
    /// Two supervisors lift what protects a child; gives how it stands then.
    pub async fn lift(&self, protection_id: &str) -> Protection {
        self.supervisor().await.lift_protection(lift(protection_id)).await.expect("it is asked");
        self.supervisor().await.lift_protection(lift(protection_id)).await.expect("it is lifted")
    }

    /// Two supervisors lift everything that stands.
    pub async fn lift_all(&self, case_id: &str) {
        for one in self.supervisor().await.protections_of(case_id).await.expect("the protections") {
            if one.lift_time.is_none() {
                self.lift(&one.protection_id).await;
            }
        }
    }
}
