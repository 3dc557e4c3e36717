//! For every command: somebody who may give it, in a state in which it can be carried out.

use helpline_domain::caller::Role;
use helpline_domain::id::CentreId;
use helpline_proto::Method;
use helpline_proto::directory::v1::{
    DisableAgencyRequest, DisableCounsellorRequest, GetAgencyRequest, GetCounsellorRequest,
    GetSettingsRequest, PublishSettingsRequest, Queue, UpdateAgencyRequest, UpdateCounsellorRequest,
};
use helpline_proto::intake::v1::{
    Answer, BlockReason, BlockSenderRequest, ChangeRiskRequest, CompleteContactRequest, LiftBlockRequest,
    ReceiveContactRequest, RecordAnswersRequest, RecordDepartureRequest, SendMessageRequest,
};
use helpline_proto::queueing::v1::{
    AcceptHandoverRequest, AcceptOfferRequest, AcceptOverflowRequest, AcknowledgeAlertRequest,
    AssignContactRequest, AttemptOutcome, Callback, CallbackCancelReason, CancelCallbackRequest,
    DeclineOfferRequest, DeclineReason, DiversionEnd, DivertQueueRequest, EndDiversionRequest,
    FinishWrapUpRequest, ForceNotReadyRequest, ForceReason, JoinContactRequest, LiftPauseRequest,
    ListOverflowsRequest, Offer, OfferHandoverRequest, PromiseCallbackRequest, PullContactRequest,
    PullReason, RecordCallbackAttemptRequest, ReleaseContactRequest, RequestOverflowRequest,
    RescheduleCallbackRequest, ReturnContactRequest, TakeOverDiversionRequest, TransferContactRequest,
};
use helpline_proto::terms::v1::{Channel, Risk};
use helpline_tests::{Actor, request_id};
use prost::Message;
use prost_reflect::{DynamicMessage, Kind, Value};

use crate::cast::Cast;
use crate::replay::channels;
use crate::requests::{closing, well_formed};
use crate::schema;
use crate::stage::{
    abilities, accept, go_not_ready, go_ready, invitation, invite, new_language, next_offer, offer, receive,
    watch,
};

/// A command that can be carried out, and another that differs from it; `None` where a command says nothing but its id.
pub(super) struct Prepared {
    pub(super) actor: Actor,
    pub(super) request: DynamicMessage,
    pub(super) other: Option<DynamicMessage>,
}

/// The same by the room whose method it is.
async fn of_room(cast: &Cast, method: &Method) -> Option<(Actor, Vec<u8>)> {
    let is_of = |room: &str| method.service.starts_with(&format!("helpline.{room}."));
    if is_of("crossborder") {
        super::crossborder::prepare_command(cast, method.name).await
    } else if is_of("reintegration") {
        super::reintegration::prepare_command(cast, method.name).await
    } else if is_of("casework") {
        super::casework::prepare(cast, method.name).await
    } else if let Some(found) = super::shelter::prepare(cast, method.name).await {
        Some(found)
    } else {
        super::school::prepare_command(cast, method.name).await
    }
}

/// Brings about a state in which the method can be carried out by a new caller.
pub(super) async fn prepare(cast: &Cast, method: &Method) -> Prepared {
    if let Some(prepared) = channels::prepare(cast, method).await {
        return prepared;
    }
    if let Some((actor, bytes)) = super::referrals::prepare(cast, method.name).await {
        let request = DynamicMessage::decode(schema::input(method), bytes.as_slice()).unwrap();
        let other = differing(cast, method, &request).await;
        return Prepared { actor, request, other };
    }
    if let Some((actor, bytes)) = of_room(cast, method).await {
        let request = DynamicMessage::decode(schema::input(method), bytes.as_slice()).unwrap();
        let other = differing(cast, method, &request).await;
        return Prepared { actor, request, other };
    }
    let language = new_language();
    let world = &cast.world;
    let request = |message: &dyn Encoded| {
        DynamicMessage::decode(schema::input(method), message.bytes().as_slice()).unwrap()
    };
    let offered = async || {
        let counsellor = world.counsellor(abilities(&language)).await;
        let offer = offer(&cast.adapter, &counsellor, &language).await;
        (counsellor, offer)
    };
    let in_progress = async || {
        let (counsellor, offer) = offered().await;
        accept(&counsellor, &offer).await;
        // Nothing is offered to them while the command is repeated.
        go_not_ready(&counsellor).await;
        (counsellor, offer)
    };
    let (actor, request) = match method.name {
        "CreateToken" => {
            let mut request = well_formed(method);
            let id = cast.counsellor.counsellor_id.clone();
            request.set_field_by_name("counsellor_id", Value::String(id));
            (cast.administrator.clone(), request)
        }
        "RevokeToken" => {
            let token_id = world.adapter().await.token_id;
            let mut request = well_formed(method);
            request.set_field_by_name("token_id", Value::String(token_id));
            (cast.administrator.clone(), request)
        }
        "UpdateCounsellor" => {
            let counsellor_id = world.counsellor(abilities(&language)).await.counsellor_id;
            let get = GetCounsellorRequest { counsellor_id };
            let answer = cast.administrator.counsellors().get_counsellor(get).await.unwrap().into_inner();
            let mut counsellor = answer.counsellor.unwrap();
            "Another name".clone_into(&mut counsellor.display_name);
            let expected_revision = counsellor.revision;
            let update = UpdateCounsellorRequest {
                request_id: request_id(),
                counsellor: Some(counsellor),
                expected_revision,
            };
            (cast.administrator.clone(), request(&update))
        }
        "DisableCounsellor" => {
            let counsellor_id = world.counsellor(abilities(&language)).await.counsellor_id;
            let disable = DisableCounsellorRequest { request_id: request_id(), counsellor_id };
            (cast.administrator.clone(), request(&disable))
        }
        "CreateAgency" | "CreateCounsellor" => (cast.administrator.clone(), well_formed(method)),
        "DisableAgency" => {
            let disable = DisableAgencyRequest {
                request_id: request_id(),
                agency_id: world.agency().await.to_string(),
            };
            (cast.administrator.clone(), request(&disable))
        }
        "UpdateAgency" => {
            let agency_id = world.agency().await.to_string();
            let get = GetAgencyRequest { agency_id };
            let answer = cast.administrator.agencies().get_agency(get).await.unwrap().into_inner();
            let mut agency = answer.agency.unwrap();
            "Another name".clone_into(&mut agency.display_name);
            let expected_revision = agency.revision;
            let update =
                UpdateAgencyRequest { request_id: request_id(), agency: Some(agency), expected_revision };
            (cast.administrator.clone(), request(&update))
        }
        "UpdateService" | "VerifyService" => {
            let mut request = well_formed(method);
            let service = world.service_of(world.centre.id).await.to_string();
            request.set_field_by_name("service_id", Value::String(service));
            (cast.administrator.clone(), request)
        }
        "PublishSettings" => {
            let get = GetSettingsRequest::default();
            let answer = cast.administrator.centre().get_settings(get).await.unwrap().into_inner();
            let mut settings = answer.settings.unwrap();
            settings.cool_down = Some(prost_types::Duration { seconds: 7, nanos: 0 });
            let publish = PublishSettingsRequest {
                request_id: request_id(),
                expected_version: settings.version,
                settings: Some(settings),
            };
            (cast.administrator.clone(), request(&publish))
        }
        "ReceiveContact" => (cast.adapter.clone(), well_formed(method)),
        "RecordPastContact" => (cast.counsellor.clone(), well_formed(method)),
        "GoReady" | "GoNotReady" | "GoOffline" | "GoOnCall" => {
            (world.counsellor(abilities(&language)).await, well_formed(method))
        }
        "ChangeRisk" => {
            let contact = receive(&cast.adapter, &language).await;
            let change = ChangeRiskRequest {
                request_id: request_id(),
                contact_id: contact.contact_id,
                risk: Risk::High.into(),
                expected_revision: contact.revision,
            };
            (cast.adapter.clone(), request(&change))
        }
        "RecordAnswers" => {
            let record = RecordAnswersRequest {
                request_id: request_id(),
                contact_id: receive(&cast.adapter, &language).await.contact_id,
                answers: vec![Answer { question: "safe".to_owned(), value: "yes".to_owned() }],
            };
            (cast.adapter.clone(), request(&record))
        }
        "RecordDeparture" => {
            let contact_id = receive(&cast.adapter, &language).await.contact_id;
            (
                cast.adapter.clone(),
                request(&RecordDepartureRequest { request_id: request_id(), contact_id, cause: 0 }),
            )
        }
        "SendMessage" => {
            let send = SendMessageRequest {
                request_id: request_id(),
                contact_id: receive(&cast.adapter, &language).await.contact_id,
                message_id: request_id(),
                text: "hello".to_owned(),
            };
            (cast.adapter.clone(), request(&send))
        }
        "AcceptOffer" => {
            let (counsellor, Offer { offer_id, .. }) = offered().await;
            (counsellor, request(&AcceptOfferRequest { request_id: request_id(), offer_id }))
        }
        "DeclineOffer" => {
            let (counsellor, Offer { offer_id, .. }) = offered().await;
            let reason = DeclineReason::Busy.into();
            (counsellor, request(&DeclineOfferRequest { request_id: request_id(), offer_id, reason }))
        }
        "CompleteContact" => {
            let (counsellor, Offer { contact_id, .. }) = in_progress().await;
            let complete = CompleteContactRequest {
                request_id: request_id(),
                contact_id,
                closing: Some(closing()),
                expected_revision: 0,
            };
            (counsellor, request(&complete))
        }
        "ReleaseContact" => {
            let (counsellor, Offer { contact_id, .. }) = in_progress().await;
            (counsellor, request(&ReleaseContactRequest { request_id: request_id(), contact_id }))
        }
        "FinishWrapUp" => {
            let (counsellor, Offer { contact_id, .. }) = in_progress().await;
            let release = ReleaseContactRequest { request_id: request_id(), contact_id: contact_id.clone() };
            counsellor.handling().release_contact(release).await.unwrap();
            (counsellor, request(&FinishWrapUpRequest { request_id: request_id(), contact_id }))
        }
        "TransferContact" => {
            let (counsellor, Offer { contact_id, .. }) = in_progress().await;
            let transfer = TransferContactRequest {
                request_id: request_id(),
                contact_id,
                ..TransferContactRequest::default()
            };
            (counsellor, request(&transfer))
        }
        "AcknowledgeAlert" => {
            let alert_id = crate::stage::alert(world, &cast.adapter).await;
            let acknowledge = AcknowledgeAlertRequest { request_id: request_id(), alert_id };
            (world.supervisor().await, request(&acknowledge))
        }
        "ForceNotReady" | "LiftPause" => {
            let counsellor = world.counsellor(abilities(&language)).await;
            go_not_ready(&counsellor).await;
            let counsellor_id = counsellor.counsellor_id;
            let supervisor = world.supervisor().await;
            let force = ForceNotReadyRequest {
                request_id: request_id(),
                counsellor_id: counsellor_id.clone(),
                reason: ForceReason::Rest.into(),
                hold: true,
            };
            if method.name == "LiftPause" {
                supervisor.supervision().force_not_ready(force).await.unwrap();
                let lift = LiftPauseRequest { request_id: request_id(), counsellor_id };
                (supervisor, request(&lift))
            } else {
                (supervisor, request(&force))
            }
        }
        "PromiseCallback" => {
            let contact_id = text(&cast.adapter, &language).await;
            (cast.adapter.clone(), request(&promise(contact_id)))
        }
        "RescheduleCallback" => {
            let (counsellor, Offer { contact_id, .. }) = in_progress().await;
            let callback_id = promised(&counsellor, contact_id).await.callback_id;
            let later = prost_types::Timestamp { seconds: in_seconds(7200), nanos: 0 };
            let reschedule = RescheduleCallbackRequest {
                request_id: request_id(),
                callback_id,
                due_time: Some(later),
                until_time: None,
                expected_revision: 0,
            };
            (counsellor, request(&reschedule))
        }
        "CancelCallback" => {
            let (counsellor, Offer { contact_id, .. }) = in_progress().await;
            let callback_id = promised(&counsellor, contact_id).await.callback_id;
            let reason = CallbackCancelReason::ChildAsked.into();
            (counsellor, request(&CancelCallbackRequest { request_id: request_id(), callback_id, reason }))
        }
        "RecordCallbackAttempt" => {
            let contact_id = text(&cast.adapter, &language).await;
            let promise = PromiseCallbackRequest { due_time: None, ..promise(contact_id) };
            let answer = cast.adapter.callbacks().promise_callback(promise).await.unwrap().into_inner();
            let callback_id = answer.callback.unwrap().callback_id;
            // Due at once: it is back in line, and offered.
            let counsellor = world.counsellor(abilities(&language)).await;
            go_ready(&counsellor).await;
            let offer = next_offer(&mut watch(&counsellor).await).await;
            accept(&counsellor, &offer).await;
            go_not_ready(&counsellor).await;
            let outcome = AttemptOutcome::NoAnswer.into();
            let record = RecordCallbackAttemptRequest { request_id: request_id(), callback_id, outcome };
            (counsellor, request(&record))
        }
        "InviteParticipant" => {
            let (counsellor, Offer { contact_id, .. }) = in_progress().await;
            let guest = world.counsellor(abilities(&new_language())).await;
            go_ready(&guest).await;
            (counsellor, request(&invitation(&contact_id, &guest)))
        }
        "RemoveParticipant" | "JoinContact" | "DeclineInvitation" | "TakeOver" | "LeaveContact" => {
            let (counsellor, Offer { contact_id, .. }) = in_progress().await;
            let guest = world.counsellor(abilities(&new_language())).await;
            go_ready(&guest).await;
            let participation_id = invite(&counsellor, &contact_id, &guest).await;
            if matches!(method.name, "TakeOver" | "LeaveContact") {
                let join = JoinContactRequest {
                    request_id: request_id(),
                    participation_id: participation_id.clone(),
                };
                guest.participations().join_contact(join).await.unwrap();
            }
            let mut request = well_formed(method);
            request.set_field_by_name("participation_id", Value::String(participation_id));
            (if method.name == "RemoveParticipant" { counsellor } else { guest }, request)
        }
        "DivertQueue" => (cast.supervisor.clone(), request(&divert(new_queue(cast).await, world.soon()))),
        "EndDiversion" | "TakeOverDiversion" => {
            let divert = divert(new_queue(cast).await, world.soon());
            let answer = cast.supervisor.switchboard().divert_queue(divert).await.unwrap().into_inner();
            let diversion_id = answer.diversion.unwrap().diversion_id;
            if method.name == "EndDiversion" {
                let end = EndDiversionRequest { request_id: request_id(), diversion_id };
                (cast.supervisor.clone(), request(&end))
            } else {
                let take = TakeOverDiversionRequest { request_id: request_id(), diversion_id };
                (world.supervisor().await, request(&take))
            }
        }
        "OfferHandover" => {
            let to_counsellor_id = world.counsellor(abilities(&language)).await.counsellor_id;
            let offer = OfferHandoverRequest {
                request_id: request_id(),
                to_counsellor_id,
                ..OfferHandoverRequest::default()
            };
            (world.counsellor(abilities(&language)).await, request(&offer))
        }
        "AcceptHandover" | "DeclineHandover" => {
            let leaving = world.counsellor(abilities(&language)).await;
            let coming = world.counsellor(abilities(&language)).await;
            let offer = OfferHandoverRequest {
                request_id: request_id(),
                to_counsellor_id: coming.counsellor_id.clone(),
                ..OfferHandoverRequest::default()
            };
            let answer = leaving.handover().offer_handover(offer).await.unwrap().into_inner();
            let handover_id = answer.handover.unwrap().handover_id;
            // Both say nothing but which one.
            (coming, request(&AcceptHandoverRequest { request_id: request_id(), handover_id }))
        }
        "BlockSender" => (cast.supervisor.clone(), request(&block())),
        "LiftBlock" => {
            let answer = cast.supervisor.blocks().block_sender(block()).await.unwrap().into_inner();
            let lift =
                LiftBlockRequest { request_id: request_id(), block_id: answer.block.unwrap().block_id };
            (cast.supervisor.clone(), request(&lift))
        }
        "AssignContact" => {
            let (_, Offer { contact_id, .. }) = offered().await;
            let counsellor = world.counsellor(abilities(&language)).await;
            go_ready(&counsellor).await;
            let assign = AssignContactRequest {
                request_id: request_id(),
                contact_id,
                counsellor_id: counsellor.counsellor_id,
            };
            (world.supervisor().await, request(&assign))
        }
        "PullContact" => {
            let (_, Offer { contact_id, .. }) = in_progress().await;
            let pull = PullContactRequest {
                request_id: request_id(),
                contact_id,
                reason: PullReason::CounsellorUnreachable.into(),
            };
            (world.supervisor().await, request(&pull))
        }
        "RequestOverflow" => {
            // Named, because every partner of the stage is asked for contacts of this queue.
            let (partner, _) = agreed(cast).await;
            let ask = RequestOverflowRequest {
                request_id: request_id(),
                contact_id: receive(&cast.adapter, &language).await.contact_id,
                partner_id: partner.to_string(),
            };
            (cast.supervisor.clone(), request(&ask))
        }
        "AcceptOverflow" | "DeclineOverflow" | "ReturnContact" => {
            let (partner, supervisor) = agreed(cast).await;
            let asked = ask(cast, partner, &supervisor, &language).await;
            if method.name == "ReturnContact" {
                let accept = AcceptOverflowRequest { request_id: request_id(), overflow_id: asked };
                let answer = supervisor.overflow().accept_overflow(accept).await.unwrap().into_inner();
                let contact_id = answer.overflow.unwrap().contact_id;
                (supervisor, request(&ReturnContactRequest { request_id: request_id(), contact_id }))
            } else {
                // Both say nothing but which one.
                let accept = AcceptOverflowRequest { request_id: request_id(), overflow_id: asked };
                (supervisor, request(&accept))
            }
        }
        other => {
            let known = match super::plans::prepare(cast, other).await {
                None => super::escalations::prepare(cast, other).await,
                known => known,
            };
            let known = match known {
                None => super::child_alerts::prepare(cast, other).await,
                known => known,
            };
            let (actor, bytes) =
                known.unwrap_or_else(|| panic!("{other} is new: say here when it can be carried out"));
            (actor, DynamicMessage::decode(schema::input(method), bytes.as_slice()).unwrap())
        }
    };
    let other = differing(cast, method, &request).await;
    Prepared { actor, request, other }
}

/// A time on the calendar, in so many seconds.
#[expect(clippy::disallowed_methods, reason = "the clock of the database is not moved here")]
fn in_seconds(seconds: i64) -> i64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    i64::try_from(now.as_secs()).unwrap() + seconds
}

/// A contact by text message, just received.
async fn text(adapter: &Actor, language: &str) -> String {
    let request = ReceiveContactRequest {
        request_id: request_id(),
        channel: Channel::Sms.into(),
        language: language.to_owned(),
        ..ReceiveContactRequest::default()
    };
    let answer = adapter.contacts().receive_contact(request).await.unwrap().into_inner();
    answer.contact.unwrap().contact_id
}

/// A promise to call in an hour.
fn promise(contact_id: String) -> PromiseCallbackRequest {
    PromiseCallbackRequest {
        request_id: request_id(),
        contact_id,
        due_time: Some(prost_types::Timestamp { seconds: in_seconds(3600), nanos: 0 }),
        number: "+97455550100".to_owned(),
        ..PromiseCallbackRequest::default()
    }
}

/// A callback that a counsellor promised by telephone.
async fn promised(counsellor: &Actor, contact_id: String) -> Callback {
    let promise = PromiseCallbackRequest { channel: Channel::Voice.into(), ..promise(contact_id) };
    counsellor.callbacks().promise_callback(promise).await.unwrap().into_inner().callback.unwrap()
}

/// A block of a sender whom nobody has blocked.
fn block() -> BlockSenderRequest {
    BlockSenderRequest {
        request_id: request_id(),
        sender: new_language(),
        reason: BlockReason::Prank.into(),
        ..BlockSenderRequest::default()
    }
}

/// Another centre that has agreed to take contacts on, and a supervisor of it.
async fn agreed(cast: &Cast) -> (CentreId, Actor) {
    let partner = cast.world.another_centre().await;
    cast.world.agree_on_overflow(&partner).await;
    (partner.id, cast.world.bearer(partner.id, Role::Supervisor, None).await)
}

/// A contact that the partner is asked for; the overflow's id, once the partner knows of it.
async fn ask(cast: &Cast, partner: CentreId, supervisor: &Actor, language: &str) -> String {
    let ask = RequestOverflowRequest {
        request_id: request_id(),
        contact_id: receive(&cast.adapter, language).await.contact_id,
        partner_id: partner.to_string(),
    };
    cast.supervisor.overflow().request_overflow(ask).await.unwrap();
    let known = supervisor.overflow().list_overflows(ListOverflowsRequest::default()).await.unwrap();
    known.into_inner().overflows.remove(0).overflow_id
}

/// A queue that nobody has diverted.
async fn new_queue(cast: &Cast) -> String {
    let key = new_language().replace('-', "_");
    cast.world
        .change_settings(|settings| {
            settings.queues.push(Queue { queue: key.clone(), ..Queue::default() });
        })
        .await;
    key
}

fn divert(queue: String, end_time: prost_types::Timestamp) -> DivertQueueRequest {
    DivertQueueRequest {
        request_id: request_id(),
        queue,
        to_queue: "general".to_owned(),
        end_time: Some(end_time),
        reason: "A power cut".to_owned(),
        on_end: DiversionEnd::Leave.into(),
        ..DivertQueueRequest::default()
    }
}

/// The same command with one thing changed that it asks for. Another contact is one that the adapter brought, so that
/// nothing but the repeated id is wrong with it.
async fn differing(cast: &Cast, method: &Method, request: &DynamicMessage) -> Option<DynamicMessage> {
    let mut other = request.clone();
    let places = schema::places(method);
    let text = places.iter().find(|place| place.path != "request_id" && place.kind() == Kind::String);
    let Some(place) = text else {
        let place = places.iter().find(|place| matches!(place.kind(), Kind::Enum(_)))?;
        place.put(&mut other, Value::EnumNumber(2));
        return Some(other);
    };
    let value = match place.name() {
        "contact_id" => receive(&cast.adapter, &new_language()).await.contact_id,
        name if name.ends_with("_id") => request_id(),
        _ => "another".to_owned(),
    };
    place.put(&mut other, Value::String(value));
    Some(other)
}

/// Any message, encoded.
trait Encoded {
    fn bytes(&self) -> Vec<u8>;
}

impl<M: Message> Encoded for M {
    fn bytes(&self) -> Vec<u8> {
        self.encode_to_vec()
    }
}
