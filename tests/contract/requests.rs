//! A well-formed request for every method, about things that are not there.

mod agencies;
mod casework;
mod channels;
mod child_alerts;
mod crossborder;
mod escalations;
mod migrants;
mod plans;
mod referrals;
mod reintegration;
mod school;
mod services;
mod shelter;
mod stays;

use helpline_proto::directory::v1::{
    AlertSettings, Capacity, Counsellor, CreateCounsellorRequest, CreateTokenRequest,
    DisableCounsellorRequest, Flood, GetCentreRequest, GetCounsellorRequest, GetSettingsRequest, Hours,
    ListCounsellorsRequest, ListTokensRequest, LongContact, OverflowFrom, OverflowSettings, OverflowTo,
    PublishSettingsRequest, Queue, QueueHours, Relaxation, RevokeTokenRequest, RiskAnswer, RiskRule,
    Settings, TargetWait, UpdateCounsellorRequest, ValveLevel, ValveSettings,
};
use helpline_proto::intake::v1::{
    ActionTaken, AgeBand, Answer, BlockReason, BlockSenderRequest, ChangeRiskRequest, Closing,
    CompleteContactRequest, ContactFilter, ContactKind, ContactState, Gender, GetContactRequest,
    LiftBlockRequest, ListBlocksRequest, ListContactsRequest, ReceiveContactRequest, RecordAnswersRequest,
    RecordDepartureRequest, RecordPastContactRequest, SendMessageRequest, WatchMessagesRequest,
};
use helpline_proto::queueing::v1::{
    AcceptHandoverRequest, AcceptOfferRequest, AcceptOverflowRequest, AcknowledgeAlertRequest,
    AssignContactRequest, AttemptOutcome, CallbackCancelReason, CallbackFilter, CallbackKind, CallbackState,
    CancelCallbackRequest, DeclineHandoverRequest, DeclineInvitationRequest, DeclineOfferRequest,
    DeclineOverflowRequest, DeclineReason, DiversionEnd, DivertQueueRequest, EndDiversionRequest,
    ExplainWaitingRequest, FinishWrapUpRequest, ForceNotReadyRequest, ForceReason, ForecastStaffingRequest,
    GetCallbackRequest, GetOverflowRequest, GetPresenceRequest, GoNotReadyRequest, GoOfflineRequest,
    GoOnCallRequest, GoReadyRequest, InviteParticipantRequest, JoinContactRequest, LeaveContactRequest,
    LiftPauseRequest, ListAlertsRequest, ListCallbacksRequest, ListDiversionsRequest, ListHandoverRequest,
    ListOverflowsRequest, ListParticipationsRequest, NotReadyReason, OfferHandoverRequest, Outside,
    OutsideRole, OverflowDirection, OverflowFilter, ParticipationKind, PromiseCallbackRequest,
    PullContactRequest, PullReason, RecordCallbackAttemptRequest, ReleaseContactRequest,
    RemoveParticipantRequest, RequestOverflowRequest, RescheduleCallbackRequest, ReturnContactRequest,
    TakeOverDiversionRequest, TakeOverRequest, TransferContactRequest, WatchFloorRequest, WatchOffersRequest,
    WatchQueueStatusRequest,
};
use helpline_proto::reporting::v1::{
    CountContactsRequest, Dimension, GetYearlyReportRequest, ListCountedContactsRequest,
};
use helpline_proto::terms::v1::{Channel, PriorityClass, Risk, SkillLevel};
use helpline_proto::{Method, Role};
use helpline_tests::request_id as id;
use prost::Message as _;
use prost_reflect::DynamicMessage;
use prost_types::{Duration, Timestamp};

use crate::cast::SKILL;
use crate::schema;

/// A request that can be read in every field and asks for nothing that is there. Ids are new with every call.
pub(crate) fn well_formed(method: &Method) -> DynamicMessage {
    let bytes = encoded(method.name);
    DynamicMessage::decode(schema::input(method), bytes.as_slice()).unwrap()
}

fn encoded(name: &str) -> Vec<u8> {
    match name {
        "AcknowledgeAlert" => AcknowledgeAlertRequest { request_id: id(), alert_id: id() }.encode_to_vec(),
        "AcceptHandover" => AcceptHandoverRequest { request_id: id(), handover_id: id() }.encode_to_vec(),
        "AcceptOffer" => AcceptOfferRequest { request_id: id(), offer_id: id() }.encode_to_vec(),
        "AssignContact" => {
            AssignContactRequest { request_id: id(), contact_id: id(), counsellor_id: id() }.encode_to_vec()
        }
        "BlockSender" => BlockSenderRequest {
            request_id: id(),
            sender: String::new(),
            contact_id: id(),
            reason: BlockReason::Prank.into(),
            lifetime: Some(seconds(3600)),
        }
        .encode_to_vec(),
        "CancelCallback" => CancelCallbackRequest {
            request_id: id(),
            callback_id: id(),
            reason: CallbackCancelReason::ChildAsked.into(),
        }
        .encode_to_vec(),
        "ChangeRisk" => ChangeRiskRequest {
            request_id: id(),
            contact_id: id(),
            risk: Risk::High.into(),
            expected_revision: 0,
        }
        .encode_to_vec(),
        "CompleteContact" => CompleteContactRequest {
            request_id: id(),
            contact_id: id(),
            closing: Some(closing()),
            expected_revision: 0,
        }
        .encode_to_vec(),
        "CreateCounsellor" => {
            CreateCounsellorRequest { request_id: id(), counsellor: Some(counsellor(String::new())) }
                .encode_to_vec()
        }
        "CreateToken" => CreateTokenRequest {
            request_id: id(),
            role: Role::Counsellor.into(),
            label: "the evening shift".to_owned(),
            counsellor_id: id(),
            agency_id: String::new(),
            lifetime: Some(seconds(3600)),
        }
        .encode_to_vec(),
        "AcceptOverflow" => AcceptOverflowRequest { request_id: id(), overflow_id: id() }.encode_to_vec(),
        "DeclineOverflow" => DeclineOverflowRequest { request_id: id(), overflow_id: id() }.encode_to_vec(),
        "GetOverflow" => GetOverflowRequest { contact_id: id() }.encode_to_vec(),
        "ListOverflows" => ListOverflowsRequest {
            page_size: 5,
            page_token: String::new(),
            filter: Some(OverflowFilter { direction: OverflowDirection::In.into(), open_only: true }),
        }
        .encode_to_vec(),
        "RequestOverflow" => {
            RequestOverflowRequest { request_id: id(), contact_id: id(), partner_id: id() }.encode_to_vec()
        }
        "ReturnContact" => ReturnContactRequest { request_id: id(), contact_id: id() }.encode_to_vec(),
        "DeclineHandover" => DeclineHandoverRequest { request_id: id(), handover_id: id() }.encode_to_vec(),
        "DeclineOffer" => {
            DeclineOfferRequest { request_id: id(), offer_id: id(), reason: DeclineReason::Busy.into() }
                .encode_to_vec()
        }
        "DeclineInvitation" => DeclineInvitationRequest {
            request_id: id(),
            participation_id: id(),
            reason: DeclineReason::Busy.into(),
        }
        .encode_to_vec(),
        "DisableCounsellor" => {
            DisableCounsellorRequest { request_id: id(), counsellor_id: id() }.encode_to_vec()
        }
        "DivertQueue" => DivertQueueRequest {
            request_id: id(),
            queue: "general".to_owned(),
            to_queue: String::new(),
            to_counsellor_id: id(),
            end_time: Some(Timestamp { seconds: 4_000_000_000, nanos: 0 }),
            reason: "A power cut".to_owned(),
            on_end: DiversionEnd::ReturnWaiting.into(),
        }
        .encode_to_vec(),
        "EndDiversion" => EndDiversionRequest { request_id: id(), diversion_id: id() }.encode_to_vec(),
        "ExplainWaiting" => {
            ExplainWaitingRequest { contact_id: id(), locale: "ar".to_owned() }.encode_to_vec()
        }
        "FinishWrapUp" => FinishWrapUpRequest { request_id: id(), contact_id: id() }.encode_to_vec(),
        "ForceNotReady" => ForceNotReadyRequest {
            request_id: id(),
            counsellor_id: id(),
            reason: ForceReason::Rest.into(),
            hold: true,
        }
        .encode_to_vec(),
        "GetCallback" => GetCallbackRequest { callback_id: id() }.encode_to_vec(),
        "ForecastStaffing" => ForecastStaffingRequest { more: 1, fewer: 0 }.encode_to_vec(),
        "GetCentre" => GetCentreRequest {}.encode_to_vec(),
        "GetContact" => GetContactRequest { contact_id: id() }.encode_to_vec(),
        "GetCounsellor" => GetCounsellorRequest { counsellor_id: id() }.encode_to_vec(),
        "GetPresence" => GetPresenceRequest {}.encode_to_vec(),
        "GetSettings" => GetSettingsRequest { version: 0 }.encode_to_vec(),
        "GoNotReady" => {
            GoNotReadyRequest { request_id: id(), reason: NotReadyReason::Break.into() }.encode_to_vec()
        }
        "GoOffline" => GoOfflineRequest { request_id: id() }.encode_to_vec(),
        "GoOnCall" => GoOnCallRequest { request_id: id() }.encode_to_vec(),
        "GoReady" => GoReadyRequest { request_id: id() }.encode_to_vec(),
        "LiftBlock" => LiftBlockRequest { request_id: id(), block_id: id() }.encode_to_vec(),
        "LiftPause" => LiftPauseRequest { request_id: id(), counsellor_id: id() }.encode_to_vec(),
        "ListAlerts" => ListAlertsRequest::default().encode_to_vec(),
        "ListBlocks" => {
            ListBlocksRequest { page_size: 5, page_token: String::new(), in_force: true }.encode_to_vec()
        }
        "ListCallbacks" => ListCallbacksRequest {
            page_size: 5,
            page_token: String::new(),
            filter: Some(CallbackFilter {
                states: vec![CallbackState::Promised.into()],
                alarming: true,
                reference: "12345678".to_owned(),
            }),
        }
        .encode_to_vec(),
        "InviteParticipant" => InviteParticipantRequest {
            request_id: id(),
            contact_id: id(),
            kind: ParticipationKind::Conference.into(),
            to_counsellor_id: String::new(),
            queue: "general".to_owned(),
            language: "en".to_owned(),
            required_skills: vec![skill()],
            outside: Some(Outside {
                role: OutsideRole::Interpreter.into(),
                address: "An interpreter".to_owned(),
            }),
            briefing: "hello".to_owned(),
        }
        .encode_to_vec(),
        "JoinContact" => JoinContactRequest { request_id: id(), participation_id: id() }.encode_to_vec(),
        "LeaveContact" => LeaveContactRequest { request_id: id(), participation_id: id() }.encode_to_vec(),
        "ListContacts" => ListContactsRequest {
            page_size: 5,
            page_token: String::new(),
            filter: Some(ContactFilter {
                states: vec![ContactState::Closed.into()],
                channels: vec![Channel::Letter.into()],
                queue: "general".to_owned(),
                counsellor_id: id(),
                received_from: Some(Timestamp { seconds: 0, nanos: 0 }),
                received_before: Some(Timestamp { seconds: 4_000_000_000, nanos: 0 }),
                reference: "12345678".to_owned(),
            }),
        }
        .encode_to_vec(),
        "ListCounsellors" => ListCounsellorsRequest::default().encode_to_vec(),
        "ListParticipations" => ListParticipationsRequest { contact_id: id() }.encode_to_vec(),
        "ListTokens" => ListTokensRequest::default().encode_to_vec(),
        "PromiseCallback" => PromiseCallbackRequest {
            request_id: id(),
            contact_id: id(),
            kind: CallbackKind::Callback.into(),
            due_time: Some(Timestamp { seconds: 4_000_000_000, nanos: 0 }),
            until_time: Some(Timestamp { seconds: 4_000_003_600, nanos: 0 }),
            channel: Channel::Voice.into(),
            number: "+97455550100".to_owned(),
            safe_words: "Ask for Salma".to_owned(),
        }
        .encode_to_vec(),
        "ListDiversions" => ListDiversionsRequest {}.encode_to_vec(),
        "ListHandover" => ListHandoverRequest { leaving_counsellor_id: id() }.encode_to_vec(),
        "OfferHandover" => {
            OfferHandoverRequest { request_id: id(), leaving_counsellor_id: id(), to_counsellor_id: id() }
                .encode_to_vec()
        }
        "PublishSettings" => {
            PublishSettingsRequest { request_id: id(), settings: Some(settings()), expected_version: 0 }
                .encode_to_vec()
        }
        "PullContact" => PullContactRequest {
            request_id: id(),
            contact_id: id(),
            reason: PullReason::CounsellorUnreachable.into(),
        }
        .encode_to_vec(),
        "ReceiveContact" => ReceiveContactRequest {
            request_id: id(),
            channel: Channel::WebChat.into(),
            external_id: id(),
            sender: String::new(),
            display_name: "A child".to_owned(),
            queue: String::new(),
            language: "en".to_owned(),
            required_skills: vec![skill()],
            risk: Risk::Low.into(),
            answers: vec![answer()],
            source: "a trunk".to_owned(),
            continues_external_id: id(),
        }
        .encode_to_vec(),
        "RecordAnswers" => {
            RecordAnswersRequest { request_id: id(), contact_id: id(), answers: vec![answer()] }
                .encode_to_vec()
        }
        "RecordCallbackAttempt" => RecordCallbackAttemptRequest {
            request_id: id(),
            callback_id: id(),
            outcome: AttemptOutcome::Busy.into(),
        }
        .encode_to_vec(),
        "RecordDeparture" => {
            RecordDepartureRequest { request_id: id(), contact_id: id(), cause: 0 }.encode_to_vec()
        }
        "RecordPastContact" => RecordPastContactRequest {
            request_id: id(),
            channel: Channel::Letter.into(),
            receive_time: Some(Timestamp { seconds: 1_700_000_000, nanos: 0 }),
            sender: "A sender".to_owned(),
            display_name: "A child".to_owned(),
            queue: String::new(),
            language: "en".to_owned(),
            risk: Risk::Low.into(),
            closing: Some(closing()),
        }
        .encode_to_vec(),
        "ReleaseContact" => ReleaseContactRequest { request_id: id(), contact_id: id() }.encode_to_vec(),
        "RescheduleCallback" => RescheduleCallbackRequest {
            request_id: id(),
            callback_id: id(),
            due_time: Some(Timestamp { seconds: 4_000_000_000, nanos: 0 }),
            until_time: Some(Timestamp { seconds: 4_000_003_600, nanos: 0 }),
            expected_revision: 0,
        }
        .encode_to_vec(),
        "RemoveParticipant" => {
            RemoveParticipantRequest { request_id: id(), participation_id: id() }.encode_to_vec()
        }
        "RevokeToken" => RevokeTokenRequest { request_id: id(), token_id: id() }.encode_to_vec(),
        "SendMessage" => SendMessageRequest {
            request_id: id(),
            contact_id: id(),
            message_id: id(),
            text: "hello".to_owned(),
        }
        .encode_to_vec(),
        "TakeOver" => TakeOverRequest { request_id: id(), participation_id: id() }.encode_to_vec(),
        "TakeOverDiversion" => {
            TakeOverDiversionRequest { request_id: id(), diversion_id: id() }.encode_to_vec()
        }
        "TransferContact" => TransferContactRequest {
            request_id: id(),
            contact_id: id(),
            queue: String::new(),
            language: "en".to_owned(),
            required_skills: vec![skill()],
            to_counsellor_id: id(),
        }
        .encode_to_vec(),
        "UpdateCounsellor" => UpdateCounsellorRequest {
            request_id: id(),
            counsellor: Some(counsellor(id())),
            expected_revision: 0,
        }
        .encode_to_vec(),
        "WatchFloor" => WatchFloorRequest { queue: "general".to_owned() }.encode_to_vec(),
        "WatchMessages" => WatchMessagesRequest { contact_id: id(), after_sequence: 0 }.encode_to_vec(),
        "WatchOffers" => WatchOffersRequest::default().encode_to_vec(),
        "WatchQueueStatus" => WatchQueueStatusRequest::default().encode_to_vec(),
        "CountContacts" => CountContactsRequest {
            first_date: "2026-01-01".to_owned(),
            last_date: "2026-12-31".to_owned(),
            dimensions: vec![Dimension::Channel.into()],
        }
        .encode_to_vec(),
        "ListCountedContacts" => ListCountedContactsRequest {
            first_date: "2026-01-01".to_owned(),
            last_date: "2026-12-31".to_owned(),
            dimensions: vec![Dimension::Channel.into()],
            cell: vec!["voice".to_owned()],
            ..ListCountedContactsRequest::default()
        }
        .encode_to_vec(),
        "GetYearlyReport" => GetYearlyReportRequest { year: 2025 }.encode_to_vec(),
        other => agencies::sample(other)
            .or_else(|| plans::sample(other))
            .or_else(|| escalations::sample(other))
            .or_else(|| channels::sample(other))
            .or_else(|| child_alerts::sample(other))
            .or_else(|| services::sample(other))
            .or_else(|| stays::sample(other))
            .or_else(|| referrals::sample(other))
            .or_else(|| casework::sample(other))
            .or_else(|| crossborder::sample(other))
            .or_else(|| school::sample(other))
            .or_else(|| reintegration::sample(other))
            .or_else(|| shelter::sample(other))
            .or_else(|| migrants::sample(other))
            .unwrap_or_else(|| panic!("{other} is new: say here what a well-formed request of it is")),
    }
}

/// What a counsellor records of a conversation.
pub(crate) fn closing() -> Closing {
    Closing {
        kind: ContactKind::Counselling.into(),
        categories: vec!["violence.physical".to_owned()],
        gender: Gender::Female.into(),
        age_band: AgeBand::AgeBand1315.into(),
        region: "unknown".to_owned(),
        action_taken: ActionTaken::Counselled.into(),
        summary: "Somebody listened".to_owned(),
    }
}

fn counsellor(counsellor_id: String) -> Counsellor {
    Counsellor {
        counsellor_id,
        display_name: "Amina".to_owned(),
        languages: vec!["ar".to_owned()],
        skills: vec![skill()],
        capacity: Some(Capacity { voice: 1, chats: 2, messages: 5 }),
        ..Counsellor::default()
    }
}

fn settings() -> Settings {
    let wait = TargetWait {
        channel: Channel::Voice.into(),
        priority_class: PriorityClass::High.into(),
        wait: Some(seconds(20)),
    };
    let general = Queue {
        queue: "general".to_owned(),
        display_names: [("en".to_owned(), "Everybody".to_owned())].into(),
        required_skills: vec![skill()],
        target_waits: vec![wait],
        relaxations: vec![Relaxation { after: Some(seconds(60)), skill: skill().skill, level: 1 }],
    };
    Settings {
        cases: Some(casework::settings()),
        assessment_forms: vec![casework::assessment_form()],
        cross_border: Some(crossborder::settings()),
        school: Some(school::settings()),
        reintegration: Some(reintegration::settings()),
        shelter: Some(shelter::settings()),
        migrant_children: Some(migrants::settings()),
        queues: vec![general, Queue { queue: "night".to_owned(), ..Queue::default() }],
        target_waits: vec![wait],
        offer_timeout: Some(seconds(20)),
        critical_offer_timeout: Some(seconds(10)),
        cool_down: Some(seconds(60)),
        short_abandon: Some(seconds(5)),
        cap: Some(seconds(900)),
        skills: vec![SKILL.to_owned()],
        categories: vec!["violence".to_owned()],
        alerts: Some(AlertSettings {
            long_contacts: vec![LongContact {
                priority_class: PriorityClass::Low.into(),
                duration: Some(seconds(1800)),
            }],
            ..AlertSettings::default()
        }),
        hours: Some(hours()),
        risk_rules: vec![RiskRule {
            rule: "weapon".to_owned(),
            raise_to: Risk::Imminent.into(),
            phrases: vec!["knife".to_owned()],
            answers: vec![RiskAnswer { question: "weapon".to_owned(), values: vec!["yes".to_owned()] }],
        }],
        overflow: Some(overflow()),
        flood: Some(Flood { most_waiting: 3, most_received: 9, window: Some(seconds(60)) }),
        valve: Some(valve()),
        ..Settings::default()
    }
}

fn valve() -> ValveSettings {
    let overdue = ValveLevel { overdue: Some(seconds(300)), ..ValveLevel::default() };
    ValveSettings { levels: vec![overdue; 4], stretch_percent: 150, ..ValveSettings::default() }
}

fn overflow() -> OverflowSettings {
    OverflowSettings {
        accept_within: Some(seconds(60)),
        answer_within: Some(seconds(120)),
        to: vec![OverflowTo {
            partner_id: id(),
            queues: vec!["night".to_owned()],
            languages: vec!["ar".to_owned()],
            shares_identity: true,
            shares_contact: true,
        }],
        from: vec![OverflowFrom {
            partner_id: id(),
            queue: "night".to_owned(),
            languages: vec!["ar".to_owned()],
            most: 5,
            automatic: true,
            connect_to: "sip:overflow@partner.example".to_owned(),
        }],
    }
}

fn hours() -> Hours {
    Hours {
        time_zone: "Asia/Qatar".to_owned(),
        opening_hours: "24/7".to_owned(),
        holidays: "KZ".to_owned(),
        closed_dates: vec!["2030-12-18".to_owned()],
        queues: vec![QueueHours {
            queue: "general".to_owned(),
            opening_hours: "Mo-Su 00:00-24:00".to_owned(),
            closed_dates: vec!["2030-12-19".to_owned()],
            fallback_queue: "night".to_owned(),
            without_on_call: false,
        }],
        on_call_offer_timeout: Some(seconds(60)),
    }
}

fn answer() -> Answer {
    Answer { question: "injured".to_owned(), value: "no".to_owned() }
}

fn skill() -> SkillLevel {
    SkillLevel { skill: SKILL.to_owned(), level: 1 }
}

const fn seconds(seconds: i64) -> Duration {
    Duration { seconds, nanos: 0 }
}
