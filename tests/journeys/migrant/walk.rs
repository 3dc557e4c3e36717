//! Whatever is asked of a redirect, in whatever order, what is done is what the table says, and the rest is refused with the state.

use std::collections::BTreeSet;

use helpline_domain::migrant::{RedirectState as State, RedirectStep};
use helpline_proto::casework::v1::{Redirect, RedirectDecision as Decision};
use helpline_proto::referral::v1::{RejectReason, RevokeReferralRequest};
use helpline_tests::migrant::{answer_conference, conference, decide, depart};
use helpline_tests::request_id;
use tonic::Status;

use super::room::Room;
use crate::chance::Chance;
use crate::referral::room::{Partner, reject};
use crate::stage::{until, why};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Deed {
    Decide(State),
    Ask,
    Advise,
    Depart,
    Answer,
}

const DEEDS: [Deed; 9] = [
    Deed::Decide(State::NoAction),
    Deed::Decide(State::TemporaryCare),
    Deed::Decide(State::Plan),
    Deed::Decide(State::Reviews),
    Deed::Decide(State::Closed),
    Deed::Ask,
    Deed::Advise,
    Deed::Depart,
    Deed::Answer,
];

/// A redirect as far as the table knows it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Model {
    state: State,
    departed: bool,
    answered: bool,
}

impl Deed {
    /// How it stands then, or why not.
    fn law(self, now: Model) -> Result<Model, &'static str> {
        let to = |next: State, by: RedirectStep| {
            if now.state.may_become(next, by) {
                Ok(Model { state: next, ..now })
            } else {
                Err(now.state.key())
            }
        };
        match self {
            Self::Decide(State::Plan) if now.departed && !now.answered => {
                to(State::Plan, RedirectStep::Decided).and(Err("awaits_answer"))
            }
            Self::Decide(next) => to(next, RedirectStep::Decided),
            Self::Ask => to(State::Requested, RedirectStep::Asked),
            Self::Advise => to(State::Conference, RedirectStep::Advised),
            Self::Depart if now.state != State::Conference => Err(now.state.key()),
            Self::Depart if now.departed => Err("departed"),
            Self::Depart => Ok(Model { departed: true, ..now }),
            Self::Answer if !now.departed => Err("not_departed"),
            Self::Answer if now.answered => Err("answered"),
            Self::Answer => Ok(Model { answered: true, ..now }),
        }
    }
}

const fn decision(next: State) -> Decision {
    match next {
        State::NoAction => Decision::NoAction,
        State::TemporaryCare => Decision::TemporaryCare,
        State::Plan => Decision::Plan,
        State::Reviews => Decision::Reviews,
        State::Closed => Decision::Closed,
        _ => Decision::Unspecified,
    }
}

struct Walk<'a> {
    room: &'a Room,
    organisation: &'a Partner,
    redirect_id: String,
}

impl Walk<'_> {
    async fn asks(&self, deed: Deed) -> Result<Redirect, Status> {
        let (by, id) = (self.room.by(), self.redirect_id.as_str());
        match deed {
            Deed::Decide(next) => by.decide_redirect(decide(id, decision(next))).await,
            Deed::Ask => {
                let referral = by.refer(self.room.draft(&[self.organisation])).await;
                let asked = by.ask_redirect(id, &referral.referral_id).await;
                if asked.is_err() {
                    self.takes_back(&referral.referral_id).await;
                }
                asked
            }
            Deed::Advise => by.record_conference(conference(id)).await,
            Deed::Depart => by.depart_from_advice(depart(id)).await,
            Deed::Answer => by.answer_conference(answer_conference(id)).await,
        }
    }

    async fn takes_back(&self, referral_id: &str) {
        let request = RevokeReferralRequest {
            request_id: request_id(),
            referral_id: referral_id.to_owned(),
            reason: "safety".to_owned(),
            ..RevokeReferralRequest::default()
        };
        self.room.by().referrals().revoke_referral(request).await.unwrap();
    }

    async fn shown(&self) -> (String, i64) {
        let now = self.room.by().redirect_of(&self.room.case.case_id).await.unwrap();
        (now.state().as_str_name().trim_start_matches("REDIRECT_STATE_").to_lowercase(), now.revision)
    }

    async fn until(&self, state: State) {
        until(state.key(), async || (self.shown().await.0 == state.key()).then_some(())).await;
    }

    /// The organisation says yes or no, or has said yes and gives it back.
    async fn is_answered(&self, yes: bool, now: Model) -> Model {
        let redirect = self.room.by().redirect_of(&self.room.case.case_id).await.unwrap();
        let get = helpline_proto::referral::v1::GetReferralRequest { referral_id: redirect.referral_id };
        let referral =
            self.room.by().referrals().get_referral(get).await.unwrap().into_inner().referral.unwrap();
        let state = match (now.state, yes) {
            (State::Requested, true) => {
                self.organisation.responder.accept_referral(&referral).await.unwrap();
                State::Accepted
            }
            (State::Requested, false) => {
                reject(&self.organisation.responder, &referral, RejectReason::AtCapacity).await.unwrap();
                State::SocialAssessment
            }
            (_, _) => {
                self.takes_back(&referral.referral_id).await;
                State::SocialAssessment
            }
        };
        self.until(state).await;
        Model { state, ..now }
    }
}

#[tokio::test]
async fn a_redirect_goes_as_the_table_says_and_everything_else_is_refused() {
    let mut room = Room::new().await;
    let organisation = Partner::new(&room.stage).await;
    let mut chance = Chance::new(5);
    let mut seen = BTreeSet::new();
    for turn in 0..14 {
        room.case = room.by().case_of_child().await;
        room.contact_id.clear();
        let redirect = room.by().begin_redirect(&room.case.case_id).await.unwrap();
        let walk = Walk { room: &room, organisation: &organisation, redirect_id: redirect.redirect_id };
        let mut now = Model { state: State::PreliminaryEnquiry, departed: false, answered: false };
        for _ in 0..14 {
            let new = seen.insert(now.state.key());
            assert_eq!(walk.shown().await.0, now.state.key());
            for deed in DEEDS {
                let Err(said) = deed.law(now) else { continue };
                if new || chance.below(6) == 0 {
                    let (_, before) = walk.shown().await;
                    let refused = why(walk.asks(deed).await);
                    assert_eq!(
                        (refused.reason.as_str(), refused.metadata("state")),
                        ("STATE_REFUSED", said),
                        "{now:?} {deed:?}"
                    );
                    assert_eq!(walk.shown().await.1, before, "{now:?} {deed:?}");
                }
            }
            let allowed: Vec<Deed> = DEEDS.into_iter().filter(|deed| deed.law(now).is_ok()).collect();
            let theirs = matches!(now.state, State::Requested | State::Accepted);
            if theirs && (allowed.is_empty() || chance.below(2) == 0) {
                now = walk.is_answered(now.state == State::Requested && turn % 2 == 0, now).await;
                continue;
            }
            let onward: Vec<Deed> =
                allowed.iter().copied().filter(|deed| *deed != Deed::Decide(State::NoAction)).collect();
            let from = if chance.below(5) == 0 || onward.is_empty() { &allowed } else { &onward };
            let Some(deed) = (!from.is_empty()).then(|| chance.one(from)) else { break };
            let done = walk.asks(deed).await.unwrap_or_else(|status| panic!("{now:?} {deed:?}: {status:?}"));
            now = deed.law(now).unwrap();
            assert_eq!(done.redirect_id, walk.redirect_id);
        }
    }
    assert_eq!(seen.len(), State::ALL.len(), "every state was there: {seen:?}");
}
