//! Participations on the wire, and who is shown how much of them.

use helpline_domain::caller::{Caller, Role};
use helpline_domain::participation::{OutsideRole, ParticipationKind, ParticipationState};
use helpline_proto::queueing;
use helpline_store::participation::Participation;
use helpline_vault::Sensitive;

use super::{Sight, channel, class, risk, timestamp};

both_ways!(participation_kind, participation_kind_from: ParticipationKind, queueing::v1::ParticipationKind {
    WarmTransfer <=> WarmTransfer, Consult <=> Consult, Conference <=> Conference,
});
both_ways!(participation_state, participation_state_from: ParticipationState, queueing::v1::ParticipationState {
    Invited <=> Invited, Joined <=> Joined, TookOver <=> TookOver, Declined <=> Declined, Left <=> Left,
    Withdrawn <=> Withdrawn, Expired <=> Expired,
});
both_ways!(outside_role, outside_role_from: OutsideRole, queueing::v1::OutsideRole {
    Interpreter <=> Interpreter, Relative <=> Relative, Agency <=> Agency, Emergency <=> Emergency,
    Professional <=> Professional, Other <=> Other,
});

/// How much of a contact somebody sees who has joined it: who only advises need not know who the child is.
pub const fn joined_sight(kind: ParticipationKind) -> Sight {
    match kind {
        ParticipationKind::Consult => Sight::Coded,
        ParticipationKind::WarmTransfer | ParticipationKind::Conference => Sight::Full,
    }
}

/// How much of a participation somebody is shown, beside what is coded.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Shown {
    /// What the contact's counsellor says about it.
    pub briefing: bool,
    /// At what address somebody outside is reached.
    pub address: bool,
}

/// How much of a participation a caller is shown; `None` when they may not know of it.
pub fn shown_to(caller: &Caller, participation: &Participation) -> Option<Shown> {
    let live = participation.state.is_live();
    match caller.role {
        Role::Supervisor => Some(Shown { briefing: true, address: true }),
        Role::Counsellor => {
            let is_caller = |id| caller.counsellor_id.is_some() && id == caller.counsellor_id;
            if is_caller(participation.owner_id) {
                Some(Shown { briefing: true, address: true })
            } else if is_caller(participation.counsellor_id) {
                Some(Shown { briefing: live, address: false })
            } else {
                is_caller(Some(participation.invited_by)).then(Shown::default)
            }
        }
        // Who connects somebody must know where.
        Role::ChannelAdapter => (participation.brought_by == Some(caller.token_id))
            .then_some(Shown { briefing: false, address: live }),
        Role::Administrator | Role::AgencyResponder | Role::AgencyLink => None,
    }
}

/// A participation, as far as somebody is shown of it.
pub fn participation(participation: &Participation, shown: Shown) -> queueing::v1::Participation {
    let text = |shown: bool, text: &Option<Sensitive<String>>| match text {
        Some(text) if shown => text.expose().clone(),
        _ => String::new(),
    };
    queueing::v1::Participation {
        participation_id: participation.participation_id.to_string(),
        contact_id: participation.contact_id.to_string(),
        kind: participation_kind(participation.kind).into(),
        state: participation_state(participation.state).into(),
        counsellor_id: participation.counsellor_id.map(|id| id.to_string()).unwrap_or_default(),
        outside: participation.role.map(|role| queueing::v1::Outside {
            role: outside_role(role).into(),
            address: text(shown.address, &participation.address),
        }),
        briefing: text(shown.briefing, &participation.briefing),
        owner_id: participation.owner_id.map(|id| id.to_string()).unwrap_or_default(),
        invited_by: participation.invited_by.to_string(),
        channel: channel(participation.channel).into(),
        priority_class: class(participation.class).into(),
        risk: risk(participation.risk).into(),
        queue: participation.queue.clone(),
        language: participation.language.clone().unwrap_or_default(),
        receive_time: Some(timestamp(participation.received_at)),
        invite_time: Some(timestamp(participation.invited_at)),
        expire_time: participation.expires_at.map(timestamp),
        join_time: participation.joined_at.map(timestamp),
        end_time: participation.ended_at.map(timestamp),
        reason: participation.reason.clone().unwrap_or_default(),
    }
}
