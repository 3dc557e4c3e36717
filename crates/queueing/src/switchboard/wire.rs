//! Diversions on the wire.

use helpline_domain::caller::Caller;
use helpline_domain::id::{CounsellorId, DiversionId, RequestId};
use helpline_proto::queueing::v1 as proto;
use helpline_service_kit::command::command;
use helpline_service_kit::fields::Fields;
use helpline_service_kit::wire::timestamp;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::diversion::{Diversion, EndedBy, NewDiversion, Target};

use super::divert_queue::DivertQueue;

/// Longest reason, in characters.
const REASON: usize = 200;

pub(super) fn divert(
    ctx: &Ctx,
    caller: &Caller,
    sent: &proto::DivertQueueRequest,
) -> Result<DivertQueue, Refusal> {
    let mut fields = Fields::new();
    let request_id = fields.request_id(&sent.request_id);
    let queue = fields.key("queue", &sent.queue);
    let to_queue = fields.optional_key("to_queue", &sent.to_queue);
    let to_counsellor = fields.optional_id::<CounsellorId>("to_counsellor_id", &sent.to_counsellor_id);
    let ends_at = fields.timestamp("end_time", sent.end_time.as_ref());
    let reason = fields.line("reason", sent.reason.trim(), 1..=REASON);
    let on_end = fields.choice("on_end", sent.on_end, proto::DiversionEnd::as_str_name);
    let target = match (to_queue, to_counsellor) {
        (Some(Some(to)), Some(None)) => Some(Target::Queue(to)),
        (Some(None), Some(Some(to))) => Some(Target::Counsellor(to)),
        (Some(_), Some(_)) => {
            fields.refuse("to_queue", "either this or to_counsellor_id");
            None
        }
        _ => None,
    };
    if let (Some(queue), Some(Target::Queue(to))) = (&queue, &target)
        && queue == to
    {
        fields.refuse("to_queue", "another queue");
    }
    fields.build((|| {
        Some(DivertQueue {
            command: command(ctx, caller, "DivertQueue", request_id?, sent),
            new: NewDiversion {
                diversion_id: ctx.ids.v7().into(),
                queue: queue?,
                target: target?,
                reason: reason?,
                returns_waiting: on_end? == proto::DiversionEnd::ReturnWaiting,
                ends_at: ends_at?,
            },
        })
    })())
}

/// Reads a request about one diversion.
pub(crate) fn on_diversion(request: &str, diversion: &str) -> Result<(RequestId, DiversionId), Refusal> {
    let mut fields = Fields::new();
    let (request, diversion) = (fields.request_id(request), fields.id("diversion_id", diversion));
    fields.build(request.zip(diversion))
}

/// A diversion as its message.
pub(crate) fn diversion(diversion: &Diversion) -> proto::Diversion {
    let (to_queue, to_counsellor_id) = match &diversion.target {
        Target::Queue(queue) => (queue.clone(), String::new()),
        Target::Counsellor(counsellor) => (String::new(), counsellor.to_string()),
    };
    let on_end = if diversion.returns_waiting {
        proto::DiversionEnd::ReturnWaiting
    } else {
        proto::DiversionEnd::Leave
    };
    let ended_by = match diversion.ended {
        None => proto::DiversionEndCause::Unspecified,
        Some((_, EndedBy::Owner)) => proto::DiversionEndCause::Owner,
        Some((_, EndedBy::Time)) => proto::DiversionEndCause::Time,
        Some((_, EndedBy::CounsellorGone)) => proto::DiversionEndCause::CounsellorGone,
    };
    proto::Diversion {
        diversion_id: diversion.diversion_id.to_string(),
        queue: diversion.queue.clone(),
        to_queue,
        to_counsellor_id,
        owner_id: diversion.owner_id.to_string(),
        reason: diversion.reason.clone(),
        on_end: on_end.into(),
        begin_time: Some(timestamp(diversion.begun_at)),
        end_time: Some(timestamp(diversion.ends_at)),
        ended_time: diversion.ended.map(|(at, _)| timestamp(at)),
        ended_by: ended_by.into(),
        revision: diversion.revision,
    }
}
