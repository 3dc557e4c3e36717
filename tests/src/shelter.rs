//! Residents of shelters, and help to return.

use helpline_proto::casework::v1::{
    AnswerAssessmentApprovalRequest, AskAssessmentApprovalRequest, AssessmentApproval,
    LinkCaseContactRequest, LinkPersonsRequest, Relation,
};
use helpline_proto::referral::v1::{
    AccompanyAdmissionRequest, Admission, AdmitRequest, DraftReferralRequest, ExitOutcome,
    GetAdmissionRequest, HoldAdmissionPlaceRequest, RecordExitRequest, RequestAdmissionRequest,
    ScreenAdmissionRequest, SetCapacityRequest,
};
use helpline_proto::shelter::v1::{
    AnswerServiceOfferRequest, ApproveReturnOverrideRequest, AskReturnOverrideRequest,
    CancelReturnAssistanceRequest, GetReturnAssistanceRequest, GetServiceOffersRequest,
    MarkReturnReadyRequest, RecordReturnArrivalRequest, RecordReturnConsentRequest,
    RecordReturnDepartureRequest, RepeatServiceOfferRequest, ReturnAssistance, ReturnCancelReason,
    ReturnConsentBy, ReturnItemState, ReturnSubject, ServiceOffer, ServiceOfferState, SetGracePeriodRequest,
    SetReturnItemRequest, StartReturnAssistanceRequest, WithdrawReturnConsentRequest,
};
use prost_types::Duration;
use tonic::Status;

use crate::assessments::BEST_INTERESTS;
use crate::referral::draft;
use crate::{Actor, request_id};

/// Answers by which nothing speaks against the best interests of a child.
pub const NOTHING_AGAINST: [(&str, &str); 14] = [
    ("safe_now", "yes"),
    ("threatened", "no"),
    ("family_reachable", "yes"),
    ("family_safe", "yes"),
    ("child_was_heard", "yes"),
    ("has_guardian", "yes"),
    ("needs_care", "no"),
    ("in_distress", "no"),
    ("has_papers", "yes"),
    ("birth_registered", "yes"),
    ("place_tonight", "yes"),
    ("has_necessities", "yes"),
    ("goes_to_school", "yes"),
    ("lives_with", "kinship"),
];

/// Helps the person of a case to return to Nepal; a child, if it does not say so.
pub fn start(case_id: &str, subject: ReturnSubject) -> StartReturnAssistanceRequest {
    StartReturnAssistanceRequest {
        request_id: request_id(),
        case_id: case_id.to_owned(),
        country: "NP".to_owned(),
        subject: subject.into(),
        note: "Her passport is at the embassy.".to_owned(),
        ..StartReturnAssistanceRequest::default()
    }
}

/// Says that something is done.
pub fn done(return_id: &str, item: &str) -> SetReturnItemRequest {
    SetReturnItemRequest {
        request_id: request_id(),
        return_id: return_id.to_owned(),
        item: item.to_owned(),
        state: ReturnItemState::Done.into(),
        ..SetReturnItemRequest::default()
    }
}

/// An answer of a resident to an offer.
pub fn answer(admission_id: &str, service: &str, answer: ServiceOfferState) -> AnswerServiceOfferRequest {
    AnswerServiceOfferRequest {
        request_id: request_id(),
        admission_id: admission_id.to_owned(),
        service: service.to_owned(),
        answer: answer.into(),
        ..AnswerServiceOfferRequest::default()
    }
}

/// Who goes consents no more.
pub fn withdraws(return_id: &str) -> WithdrawReturnConsentRequest {
    WithdrawReturnConsentRequest {
        request_id: request_id(),
        return_id: return_id.to_owned(),
        consent_by: ReturnConsentBy::Person.into(),
        remark: "She has thought again.".to_owned(),
    }
}

/// Builders of requests that say little but which help to return they are about.
macro_rules! requests {
    ($($(#[$doc:meta])* $name:ident: $request:ident { $($field:ident: $value:expr),* };)+) => {
        $($(#[$doc])* pub fn $name(return_id: &str) -> $request {
            $request {
                request_id: request_id(),
                return_id: return_id.to_owned(),
                $($field: $value,)*
                ..$request::default()
            }
        })+
    };
}

requests!(
    /// There is no grace period.
    grace: SetGracePeriodRequest {};
    /// Who goes consents.
    consents: RecordReturnConsentRequest { consent_by: ReturnConsentBy::Person.into(), remark: "She wants to go home.".to_owned() };
    /// Asks for an override.
    asks: AskReturnOverrideRequest { reason: "Her sister waits for her in another town.".to_owned() };
    /// Approves it.
    approves: ApproveReturnOverrideRequest {};
    /// Everything is there.
    ready: MarkReturnReadyRequest {};
    /// They have left.
    departs: RecordReturnDepartureRequest { remark: "By the flight at six.".to_owned() };
    /// They are there.
    arrives: RecordReturnArrivalRequest {};
    /// They do not go.
    cancels: CancelReturnAssistanceRequest { reason: ReturnCancelReason::ChangedMind.into() };
);

/// Methods of actors that take a step and return the help.
macro_rules! steps {
    ($($(#[$doc:meta])* $name:ident: $rpc:ident($request:ident);)+) => {
        impl Actor {
            $($(#[$doc])*
            ///
            /// # Errors
            /// What was refused.
            pub async fn $name(&self, request: $request) -> Result<ReturnAssistance, Status> {
                Ok(self.shelter().$rpc(request).await?.into_inner().return_assistance.expect("the help"))
            })+
        }
    };
}

steps!(
    /// Begins help to return.
    start_return: start_return_assistance(StartReturnAssistanceRequest);
    /// Says where an item stands.
    set_return_item: set_return_item(SetReturnItemRequest);
    /// Says until when they may leave without a fine.
    set_grace: set_grace_period(SetGracePeriodRequest);
    /// Records consent.
    agree_to_return: record_return_consent(RecordReturnConsentRequest);
    /// Withdraws it.
    refuse_to_return: withdraw_return_consent(WithdrawReturnConsentRequest);
    /// Asks for an override.
    ask_return_override: ask_return_override(AskReturnOverrideRequest);
    /// Approves it.
    approve_return_override: approve_return_override(ApproveReturnOverrideRequest);
    /// Says that everything is there.
    ready_to_return: mark_return_ready(MarkReturnReadyRequest);
    /// Records the departure.
    departs_home: record_return_departure(RecordReturnDepartureRequest);
    /// Records the arrival.
    arrives_home: record_return_arrival(RecordReturnArrivalRequest);
    /// Cancels.
    cancel_return: cancel_return_assistance(CancelReturnAssistanceRequest);
    /// Reads.
    read_return: get_return_assistance(GetReturnAssistanceRequest);
);

/// Methods of actors about stays.
macro_rules! stays {
    ($($(#[$doc:meta])* $name:ident: $rpc:ident($request:ident { $($field:ident: $value:expr),* });)+) => {
        impl Actor {
            $($(#[$doc])*
            ///
            /// # Errors
            /// What was refused.
            pub async fn $name(&self, admission_id: &str) -> Result<Admission, Status> {
                let admission_id = admission_id.to_owned();
                let request = $request { admission_id, $($field: $value),* };
                Ok(self.admissions().$rpc(request).await?.into_inner().admission.expect("the stay"))
            })+
        }
    };
}

stays!(
    /// It is the right place.
    screens: screen_admission(ScreenAdmissionRequest { request_id: request_id() });
    /// A place is kept for an hour.
    keeps_place: hold_admission_place(HoldAdmissionPlaceRequest {
        request_id: request_id(), lifetime: Some(Duration { seconds: 3600, nanos: 0 })
    });
    /// They live there.
    takes_in: admit(AdmitRequest { request_id: request_id() });
    /// They have left.
    lets_go: record_exit(RecordExitRequest { request_id: request_id(), outcome: ExitOutcome::LeftByChoice.into() });
    /// A stay.
    stay: get_admission(GetAdmissionRequest {});
);

impl Actor {
    /// So many beds of a service.
    pub async fn has_beds(&self, service: &str, maximum: i32) {
        let request = SetCapacityRequest {
            request_id: request_id(),
            service_id: service.to_owned(),
            unit: "bed".to_owned(),
            maximum,
            out_of_service: 0,
        };
        self.capacity().set_capacity(request).await.expect("beds");
    }

    /// A stay that is asked for, from a contact, in the name of a case if one is named.
    pub async fn asks_for_bed(&self, contact_id: &str, service: &str, case_id: &str) -> Admission {
        if !case_id.is_empty() {
            let link = LinkCaseContactRequest {
                request_id: request_id(),
                case_id: case_id.to_owned(),
                contact_id: contact_id.to_owned(),
            };
            self.cases().link_case_contact(link).await.expect("it is of the case");
        }
        let new = DraftReferralRequest { case_id: case_id.to_owned(), ..draft(contact_id, &[service]) };
        let request = RequestAdmissionRequest {
            request_id: request_id(),
            referral_id: self.refer(new).await.referral_id,
            service_id: service.to_owned(),
            unit: "bed".to_owned(),
        };
        let answer = self.admissions().request_admission(request).await.expect("it is asked for");
        answer.into_inner().admission.expect("the stay")
    }

    /// The same, and they live there.
    pub async fn takes_in_from(&self, contact_id: &str, service: &str, case_id: &str) -> Admission {
        let id = self.asks_for_bed(contact_id, service, case_id).await.admission_id;
        self.screens(&id).await.expect("it is the right place");
        self.keeps_place(&id).await.expect("a bed is kept");
        self.takes_in(&id).await.expect("they live there")
    }

    /// Says with whom a child lives there.
    ///
    /// # Errors
    /// What was refused.
    pub async fn lives_with(&self, child: &str, with: &str) -> Result<Admission, Status> {
        let request = AccompanyAdmissionRequest {
            request_id: request_id(),
            admission_id: child.to_owned(),
            accompanies_admission_id: with.to_owned(),
        };
        Ok(self.admissions().accompany_admission(request).await?.into_inner().admission.expect("the stay"))
    }

    /// What a resident is offered.
    ///
    /// # Errors
    /// What was refused.
    pub async fn service_offers(&self, admission_id: &str) -> Result<Vec<ServiceOffer>, Status> {
        let request = GetServiceOffersRequest { admission_id: admission_id.to_owned() };
        Ok(self.shelter().get_service_offers(request).await?.into_inner().offers)
    }

    /// Says what became of an offer.
    ///
    /// # Errors
    /// What was refused.
    pub async fn answer_offer(&self, request: AnswerServiceOfferRequest) -> Result<ServiceOffer, Status> {
        Ok(self.shelter().answer_service_offer(request).await?.into_inner().offer.expect("the offer"))
    }

    /// Offers again.
    ///
    /// # Errors
    /// What was refused.
    pub async fn offer_again(&self, admission_id: &str, service: &str) -> Result<ServiceOffer, Status> {
        let request = RepeatServiceOfferRequest {
            request_id: request_id(),
            admission_id: admission_id.to_owned(),
            service: service.to_owned(),
        };
        Ok(self.shelter().repeat_service_offer(request).await?.into_inner().offer.expect("the offer"))
    }

    /// Help to return, as it stands.
    ///
    /// # Errors
    /// What was refused.
    pub async fn return_of(&self, return_id: &str) -> Result<ReturnAssistance, Status> {
        self.read_return(GetReturnAssistanceRequest { return_id: return_id.to_owned() }).await
    }

    /// Everything that is needed to return is there.
    pub async fn has_everything(&self, of: &ReturnAssistance) -> ReturnAssistance {
        for one in &of.items {
            self.set_return_item(done(&of.return_id, &one.item)).await.expect("it is done");
        }
        self.ready_to_return(ready(&of.return_id)).await.expect("everything is there")
    }

    /// Help to return of an adult of a case, ready to go, who consents; its id.
    pub async fn adult_ready_to_return(&self, case_id: &str) -> String {
        let help = self.start_return(start(case_id, ReturnSubject::Adult)).await.expect("it begins");
        self.agree_to_return(consents(&help.return_id)).await.expect("she consents");
        self.has_everything(&help).await.return_id
    }

    /// A new guardian of a child; the id of the link, and of the record.
    pub async fn guardian_of(&self, person_id: &str) -> (String, String) {
        let guardian = self.record_person("Gulnara", &request_id()).await.person_id;
        let link = LinkPersonsRequest {
            request_id: request_id(),
            person_id: person_id.to_owned(),
            relative_id: guardian.clone(),
            relation: Relation::Guardian.into(),
            from_time: None,
        };
        let answer = self.persons().link_persons(link).await.expect("the guardian");
        (answer.into_inner().link.expect("the link").link_id, guardian)
    }

    /// An assessment of the best interests of a child by these answers, approved by another.
    pub async fn best_interests(&self, case_id: &str, answers: &[(&str, &str)], another: &Self) {
        let assessment_id = self.assessed(case_id, BEST_INTERESTS, answers).await.assessment_id;
        let ask = AskAssessmentApprovalRequest {
            request_id: request_id(),
            assessment_id: assessment_id.clone(),
            remark: String::new(),
        };
        self.assessments().ask_assessment_approval(ask).await.expect("another is asked");
        let approve = AnswerAssessmentApprovalRequest {
            request_id: request_id(),
            assessment_id,
            approval: AssessmentApproval::Content.into(),
            approve: true,
            remark: String::new(),
        };
        another.assessments().answer_assessment_approval(approve).await.expect("it is approved");
    }
}
