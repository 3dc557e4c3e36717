//! Whatever either side asks of a hand-over, in whatever order, what is done is what the table says, and the rest is refused with the state.

use std::collections::BTreeSet;

use helpline_domain::crossborder::CrossBorderSide::{Receiving, Sending};
use helpline_domain::crossborder::CrossBorderState as State;
use helpline_proto::crossborder::v1::{
    CloseCrossBorderHandoverRequest, CrossBorderHandover, CrossBorderOutcome,
    OfferCrossBorderHandoverRequest, PlanCrossBorderTravelRequest, SignCrossBorderCertificateRequest,
};
use helpline_tests::Actor;
use helpline_tests::crossborder::{
    accept, arrive, assess, check, close, consent, decline, depart, journey, offer, plan, prepare, report,
    sign, visit, withdraw,
};
use tonic::{Code, Status};

use super::room::{Border, HOUR, signing};
use crate::chance::Chance;
use crate::stage::{until, why};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Deed {
    Check,
    Offer,
    Assess,
    Accept,
    Decline,
    Plan,
    Depart,
    Arrive,
    SignHere,
    SignThere,
    Visit,
    Report,
    Close,
    Withdraw,
}
use Deed::{
    Accept, Arrive, Assess, Check, Close, Decline, Depart, Offer, Plan, Report, SignHere, SignThere, Visit,
    Withdraw,
};

const DEEDS: [Deed; 14] = [
    Check, Offer, Assess, Accept, Decline, Plan, Depart, Arrive, SignHere, SignThere, Visit, Report, Close,
    Withdraw,
];

/// A hand-over as far as the table knows it: where it stands, which focal point is asked or has accepted, and who has signed.
#[derive(Clone, Copy, Debug)]
struct Model {
    state: State,
    there: usize,
    signed: (bool, bool),
}

impl Deed {
    const fn is_of_receiving_side(self) -> bool {
        matches!(self, Assess | Accept | Decline | Arrive | SignThere | Visit | Report)
    }

    /// Where it stands then, if it can be done.
    fn law(self, now: Model) -> Option<State> {
        let state = now.state;
        let table = |next: State, side| state.may_become(next, side).then_some(next);
        match self {
            Check if state == State::Prepared => Some(State::ConsentChecked),
            Check => state.is_before_departure().then_some(state),
            Offer => table(State::Offered, Sending),
            Assess => table(State::ReceivingAssessment, Receiving),
            Accept => table(State::Accepted, Receiving),
            Decline => table(State::Declined, Receiving),
            Plan if matches!(state, State::Departed | State::Missing) => Some(State::Departed),
            Plan => table(State::TravelPlanned, Sending),
            Depart => (state == State::TravelPlanned).then_some(State::Departed),
            Arrive => table(State::ArrivedConfirmed, Receiving),
            SignHere | SignThere if state == State::ArrivedConfirmed => {
                let (own, other) = if self == SignHere { now.signed } else { (now.signed.1, now.signed.0) };
                (!own).then_some(if other { State::HandedOver } else { state })
            }
            SignHere | SignThere => None,
            Visit => table(State::FirstVisitDone, Receiving),
            Report => table(State::Monitoring, Receiving),
            Close => table(State::Closed, Sending),
            Withdraw => table(State::Withdrawn, Sending),
        }
    }
}

struct Walk<'a> {
    border: &'a Border,
    id: String,
}

impl Walk<'_> {
    fn by(&self) -> &Actor {
        &self.border.stage.supervisor
    }

    async fn shown(&self) -> CrossBorderHandover {
        self.by().handover_abroad(&self.id).await.unwrap()
    }

    /// Asks for it; of a focal point that is the one of the model.
    async fn asks(&self, deed: Deed, now: Model) -> Result<CrossBorderHandover, Status> {
        let (by, id, border) = (self.by(), self.id.as_str(), self.border);
        let focal = [&border.first, &border.second];
        let there = &focal[now.there].1;
        let open = matches!(now.state, State::Offered | State::ReceivingAssessment | State::Accepted);
        let next = if open { 1 - now.there } else { now.there };
        let certificate = async || {
            let shown = self.shown().await;
            let none = SignCrossBorderCertificateRequest { sha256: "0".repeat(64), ..sign(id) };
            if shown.certificate.is_some() { signing(&shown) } else { none }
        };
        match deed {
            Check => by.check_handover(check(id, false)).await,
            Offer => {
                let agency_id = focal[next].0.to_string();
                by.offer_abroad(OfferCrossBorderHandoverRequest { agency_id, ..offer(id) }).await
            }
            Assess => there.assess_handover(assess(id)).await,
            Accept => there.accept_child(accept(id)).await,
            Decline => there.decline_child(decline(id)).await,
            Plan => {
                let travel = Some(journey(border.later(HOUR), border.later(8 * HOUR)));
                by.plan_travel(PlanCrossBorderTravelRequest { travel, ..plan(id) }).await
            }
            Depart => by.child_departs(depart(id)).await,
            Arrive => there.child_arrives(arrive(id)).await,
            SignHere => by.sign_certificate(certificate().await).await,
            SignThere => there.sign_certificate(certificate().await).await,
            Visit => there.visit_child(visit(id)).await,
            Report => there.report_on_child(report(id)).await,
            Close => {
                let outcome = CrossBorderOutcome::MovedOn.into();
                by.close_handover(CloseCrossBorderHandoverRequest { outcome, ..close(id) }).await
            }
            Withdraw => by.withdraw_handover(withdraw(id)).await,
        }
    }

    /// What the table forbids is refused, with the state, and changes nothing.
    async fn is_forbidden(&self, deed: Deed, now: Model) {
        let before = self.shown().await;
        let refused = why(self.asks(deed, now).await);
        // Who is asked or has accepted is told the state as the sending side is.
        let nobodys = matches!(
            now.state,
            State::Prepared | State::ConsentChecked | State::Declined | State::Withdrawn | State::Closed
        );
        if deed.is_of_receiving_side() && nobodys {
            // Who is not asked, or not any more, knows nothing, or how it ended for them.
            let known = refused.code == Code::NotFound || refused.reason == "STATE_REFUSED";
            assert!(known, "{now:?} {deed:?}: {refused:?}");
        } else {
            let signed = matches!(deed, SignHere | SignThere) && now.state == State::ArrivedConfirmed;
            let state = if signed { "signed" } else { now.state.key() };
            assert_eq!(
                (refused.reason.as_str(), refused.metadata("state")),
                ("STATE_REFUSED", state),
                "{now:?} {deed:?}"
            );
        }
        assert_eq!(self.shown().await.revision, before.revision, "{now:?} {deed:?}");
    }

    async fn is_done(&self, deed: Deed, now: Model, next: State) -> Model {
        let open = matches!(now.state, State::Offered | State::ReceivingAssessment | State::Accepted);
        self.asks(deed, now).await.unwrap_or_else(|status| panic!("{now:?} {deed:?}: {status:?}"));
        let (here, there) = now.signed;
        Model {
            state: next,
            there: if deed == Offer && open { 1 - now.there } else { now.there },
            signed: (here || deed == SignHere, there || deed == SignThere),
        }
    }

    /// Time passes until a child who has left is missing.
    async fn loses(&self, now: Model) -> Model {
        self.border.wait(21 * HOUR);
        until("the child is missing", async || {
            let state = self.shown().await.state().as_str_name().to_lowercase();
            state.ends_with("_missing").then_some(())
        })
        .await;
        Model { state: State::Missing, ..now }
    }
}

#[tokio::test]
async fn a_hand_over_goes_as_the_table_says_and_everything_else_is_refused() {
    let border = Border::new().await;
    let mut chance = Chance::new(11);
    let mut seen = BTreeSet::new();
    for _ in 0..18 {
        let by = &border.stage.supervisor;
        let case_id = by.case_of_child().await.case_id;
        let id = by.prepare_handover(prepare(&case_id)).await.unwrap().crossborder_id;
        for (agency, _) in [&border.first, &border.second] {
            by.agree_abroad(consent(&id, *agency)).await.unwrap();
        }
        let walk = Walk { border: &border, id };
        let mut now = Model { state: State::Prepared, there: 0, signed: (false, false) };
        for _ in 0..16 {
            let new = seen.insert(now.state.key());
            let shown = walk.shown().await.state().as_str_name().to_lowercase();
            assert!(shown.ends_with(now.state.key()), "{shown} {now:?}");
            let allowed: Vec<Deed> = DEEDS.into_iter().filter(|deed| deed.law(now).is_some()).collect();
            for deed in DEEDS.into_iter().filter(|deed| !allowed.contains(deed)) {
                if new || chance.below(5) == 0 {
                    walk.is_forbidden(deed, now).await;
                }
            }
            if now.state == State::Departed && chance.below(4) == 0 {
                now = walk.loses(now).await;
                continue;
            }
            // What ends it, or leads nowhere, is asked less often than what leads on.
            let onward: Vec<Deed> = allowed
                .iter()
                .copied()
                .filter(|deed| !matches!(deed, Close | Withdraw | Decline | Check))
                .collect();
            let from = if chance.below(6) == 0 || onward.is_empty() { &allowed } else { &onward };
            let Some(deed) = (!from.is_empty()).then(|| chance.one(from)) else { break };
            now = walk.is_done(deed, now, deed.law(now).unwrap()).await;
        }
    }
    assert_eq!(seen.len(), 15, "every state was there: {seen:?}");
}
