//! Every step in every state, through the API: what the table of the domain allows happens, and nothing else.

use helpline_domain::referral::{ReferralState as State, Side};
use helpline_proto::referral::v1::ReferralState as Wire;
use helpline_proto::referral::v1::{MarkReferralEnteredInErrorRequest, Referral, RejectReason};
use helpline_tests::referral::consent;
use helpline_tests::request_id;
use tonic::{Code, Status};

use super::room::{Partner, answer_cancel, ask_to_cancel, get, record_outcome, reject, report, revoke, to};
use crate::stage::{Stage, until, why};

/// What somebody tries, and where it would lead.
const STEPS: [(&str, Side, State); 12] = [
    ("send", Side::Centre, State::Requested),
    ("accept", Side::Agency, State::Accepted),
    ("reject", Side::Agency, State::Rejected),
    ("serve", Side::Agency, State::InProgress),
    ("pause", Side::Agency, State::OnHold),
    ("complete", Side::Agency, State::Completed),
    ("fail", Side::Agency, State::Failed),
    ("ask to cancel", Side::Centre, State::CancelRequested),
    ("ask to cancel", Side::Agency, State::CancelRequested),
    ("revoke", Side::Centre, State::Revoked),
    ("mark", Side::Centre, State::EnteredInError),
    ("agree", Side::Agency, State::Cancelled),
];

async fn mark(stage: &Stage, of: &Referral) -> Result<Referral, Status> {
    let request = MarkReferralEnteredInErrorRequest {
        request_id: request_id(),
        referral_id: of.referral_id.clone(),
        remark: String::new(),
    };
    let answer = stage.supervisor.referrals().mark_referral_entered_in_error(request).await?;
    Ok(answer.into_inner().referral.unwrap())
}

/// A referral that stands so; a wish to cancel it is the centre's.
async fn standing(stage: &Stage, partner: &Partner, state: State) -> Referral {
    let one = stage.supervisor.draft_referral(to(stage, &[partner]).await).await.unwrap();
    stage.supervisor.consents().record_consent(consent(&one, partner.agency)).await.unwrap();
    let way: &[(&str, Side)] = match state {
        State::Draft => &[],
        State::Requested => &[("send", Side::Centre)],
        State::Accepted => &[("send", Side::Centre), ("accept", Side::Agency)],
        State::InProgress => &[("send", Side::Centre), ("accept", Side::Agency), ("serve", Side::Agency)],
        State::OnHold => &[
            ("send", Side::Centre),
            ("accept", Side::Agency),
            ("serve", Side::Agency),
            ("pause", Side::Agency),
        ],
        State::CancelRequested => {
            &[("send", Side::Centre), ("accept", Side::Agency), ("ask to cancel", Side::Centre)]
        }
        State::Completed => &[
            ("send", Side::Centre),
            ("accept", Side::Agency),
            ("serve", Side::Agency),
            ("complete", Side::Agency),
        ],
        State::Failed => &[
            ("send", Side::Centre),
            ("accept", Side::Agency),
            ("serve", Side::Agency),
            ("fail", Side::Agency),
        ],
        State::Rejected => &[("send", Side::Centre), ("reject", Side::Agency)],
        State::Expired => &[("send", Side::Centre), ("wait", Side::Clock)],
        State::Cancelled => &[
            ("send", Side::Centre),
            ("accept", Side::Agency),
            ("ask to cancel", Side::Centre),
            ("agree", Side::Agency),
        ],
        State::Revoked => &[("send", Side::Centre), ("revoke", Side::Centre)],
        State::EnteredInError => &[("mark", Side::Centre)],
    };
    for &(step, side) in way {
        take(stage, partner, &one, (step, side)).await.unwrap();
    }
    one
}

async fn take(
    stage: &Stage,
    partner: &Partner,
    of: &Referral,
    (step, side): (&str, Side),
) -> Result<Referral, Status> {
    let actor = if side == Side::Agency { &partner.responder } else { &stage.supervisor };
    match step {
        "send" => actor.send_referral(of).await,
        "accept" => actor.accept_referral(of).await,
        "reject" => reject(actor, of, RejectReason::OutOfArea).await,
        "serve" => report(actor, of, Wire::InProgress).await,
        "pause" => report(actor, of, Wire::OnHold).await,
        "complete" => record_outcome(actor, of, true).await,
        "fail" => record_outcome(actor, of, false).await,
        "ask to cancel" => ask_to_cancel(actor, of).await,
        "agree" => answer_cancel(actor, of, true).await,
        "revoke" => revoke(actor, of).await,
        "mark" => mark(stage, of).await,
        _ => {
            stage.sql(&format!(
                "UPDATE helpline.referrals SET due_at = helpline.now() WHERE referral_id = '{}'",
                of.referral_id
            ));
            Ok(until("it expires", async || {
                let now = get(&stage.supervisor, of).await.unwrap();
                (now.state() == Wire::Expired).then_some(now)
            })
            .await)
        }
    }
}

#[tokio::test]
async fn every_step_in_every_state_is_taken_or_refused_as_the_table_says() {
    let stage = Stage::set().await;
    let partner = Partner::new(&stage).await;
    let mut taken = 0;
    for &state in State::ALL {
        for (step, side, next) in STEPS {
            let one = standing(&stage, &partner, state).await;
            let before = get(&stage.supervisor, &one).await.unwrap();
            let answer = take(&stage, &partner, &one, (step, side)).await;
            // What follows a wish to cancel is a table of its own.
            let agreed = step == "agree" && state == State::CancelRequested;
            let what = format!("{step} by the {} in {}", side.key(), state.key());
            if agreed || state.may_become(next, side) {
                answer.unwrap_or_else(|status| panic!("{what}: {status:?}"));
                taken += 1;
                continue;
            }
            let refused = why(answer);
            let unseen = side == Side::Agency
                && matches!(state, State::Draft | State::Revoked | State::EnteredInError);
            let expected = if unseen { Code::NotFound } else { Code::FailedPrecondition };
            assert_eq!(refused.code, expected, "{what}");
            if !unseen {
                assert_eq!(refused.metadata("state"), state.key(), "{what}");
            }
            assert_eq!(get(&stage.supervisor, &one).await.unwrap(), before, "{what} changed nothing");
        }
    }
    assert!(taken > 25, "only {taken} steps were taken");
}
