//! Anything, by anybody, at any time, while two servers climb: what must always hold of an escalation does.

use std::collections::BTreeMap;
use std::sync::Mutex;

use helpline_domain::escalation::EscalationState as State;
use helpline_domain::id::AgencyId;
use helpline_proto::escalation::v1::{
    AddRemarkRequest, CallResult, Escalation, EscalationState, ForceNextStepRequest, ListCallsRequest,
    PlannedCall, RecordCallRequest, TakeOverEscalationRequest,
};
use helpline_proto::terms::v1::Risk;
use helpline_tests::plan::{desk, ring, seconds, step, supervisors};
use helpline_tests::{Abilities, Actor, request_id};
use tonic::{Code, Status};

use super::room::{
    accept, acknowledge, ask_to_end, decide, give_back, hand_over, progress, raise, report, resolve,
};
use crate::chance::Chance;
use crate::stage::{Stage, until};

const SEEDS: [u64; 2] = [3, 19];
const BATCHES: usize = 12;
const AT_ONCE: usize = 25;
/// Seconds between two steps.
const WAIT_S: u32 = 30;
/// Seconds in which what somebody has seen must be taken on.
const ACCEPT_S: u32 = 20;
/// Seconds between two rings of the fallback.
const FALLBACK_S: u32 = 60;

/// A refusal that somebody who comes too late, or asks for what is not theirs, may get.
fn may_be(status: &Status) -> bool {
    matches!(status.code(), Code::FailedPrecondition | Code::NotFound | Code::Aborted)
}

/// By escalation and event.
type Promises = BTreeMap<(String, &'static str), (usize, usize)>;

struct Play<'a> {
    stage: &'a Stage,
    /// Two supervisors, two responders, one of each at either server, and a counsellor who rings.
    people: Vec<Actor>,
    agency: AgencyId,
    raised: Mutex<Vec<Escalation>>,
    /// How often each entry of a timeline must be there, because somebody was told that it is; and how much more often it may
    /// be, because what they did ended while they were answered what they may see at all.
    promised: Mutex<Promises>,
}

impl Play<'_> {
    async fn begin(stage: &mut Stage) -> Play<'_> {
        let second = stage.world.another_server().await;
        let agencies = (stage.world.agency().await, stage.world.agency().await);
        let duty = PlannedCall {
            label: "Duty".to_owned(),
            number: "16 111".to_owned(),
            script: String::new(),
            agency_id: agencies.1.to_string(),
        };
        let steps =
            [vec![desk(agencies.0, &[])], vec![desk(agencies.1, &[]), ring(Some(duty))], vec![supervisors()]];
        stage
            .world
            .plan_emergencies(|policy, plan| {
                policy.steps = steps.map(|targets| step(targets, WAIT_S.into())).to_vec();
                (policy.accept, policy.reach) = (seconds(ACCEPT_S.into()), seconds(300));
                (plan.fallback_every, plan.reach_alarm_every) = (seconds(FALLBACK_S.into()), seconds(120));
            })
            .await;
        let people = vec![
            stage.supervisor.clone(),
            stage.world.supervisor().await.over(second.clone()),
            stage.world.responder(agencies.0).await,
            stage.world.responder(agencies.1).await.over(second),
            stage.world.counsellor(Abilities::speaking(&["ar"])).await,
        ];
        let (raised, promised) = (Mutex::default(), Mutex::default());
        Play { stage, people, agency: agencies.1, raised, promised }
    }

    fn promise(&self, of: &Escalation, event: &'static str, told: bool) {
        let mut promised = self.promised.lock().unwrap();
        let times = promised.entry((of.escalation_id.clone(), event)).or_default();
        if told { times.0 += 1 } else { times.1 += 1 }
    }

    /// One of the latest, which are the liveliest.
    fn some(&self, chance: &mut Chance) -> Option<Escalation> {
        let raised = self.raised.lock().unwrap();
        let recent = &raised[raised.len().saturating_sub(8)..];
        (!recent.is_empty()).then(|| recent[chance.below(recent.len())].clone())
    }

    /// One thing that somebody does.
    async fn act(&self, mut chance: Chance) -> Result<(), Status> {
        let by = &self.people[chance.below(self.people.len())];
        let verb = chance.below(30);
        let of = match (verb, self.some(&mut chance)) {
            (0 | 1, _) | (_, None) => {
                let inside = &self.people[chance.below(2)];
                let one = raise(inside, report(Risk::HarmNow)).await;
                self.promise(&one, "raised", true);
                self.raised.lock().unwrap().push(one);
                return Ok(());
            }
            (_, Some(of)) => of,
        };
        let (request_id, escalation_id) = (request_id(), of.escalation_id.clone());
        let (event, done) = match verb {
            2..=5 => ("acknowledged", acknowledge(by, &of).await.map(drop)),
            6..=9 => ("accepted", accept(by, &of).await.map(drop)),
            10..=13 => ("declined", give_back(by, &of).await.map(drop)),
            14 => ("responding", progress(by, &of, EscalationState::Responding).await.map(drop)),
            15 => ("on_scene", progress(by, &of, EscalationState::OnScene).await.map(drop)),
            16 => ("child_reached", progress(by, &of, EscalationState::ChildReached).await.map(drop)),
            17 | 18 => ("resolved", resolve(by, &of).await.map(drop)),
            19 => ("end_asked", ask_to_end(by, &of, EscalationState::ClosedUnreached).await.map(drop)),
            20 => ("end_refused", decide(by, &of, false).await.map(drop)),
            21 => ("closed_unreached", decide(by, &of, true).await.map(drop)),
            22 => ("handed_over", hand_over(by, &of, self.agency).await.map(drop)),
            23 => {
                let request = TakeOverEscalationRequest { request_id, escalation_id };
                ("taken_over", by.escalations().take_over_escalation(request).await.map(drop))
            }
            24 => {
                let remark = "She has called again.".to_owned();
                let request = AddRemarkRequest { request_id, escalation_id, remark, shared: true };
                ("remarked", by.escalations().add_remark(request).await.map(drop))
            }
            25 | 26 => {
                let request = ForceNextStepRequest { request_id, escalation_id };
                ("step_forced", by.escalations().force_next_step(request).await.map(drop))
            }
            _ => return self.ring(chance).await,
        };
        match done {
            // What is not for a role is refused to it, whatever the state.
            Err(status) if status.code() == Code::PermissionDenied => return Ok(()),
            Err(status) if status.code() == Code::NotFound => self.promise(&of, event, false),
            done => {
                done?;
                self.promise(&of, event, true);
            }
        }
        Ok(())
    }

    /// Whoever is on shift rings one of the numbers and says what came of it.
    async fn ring(&self, mut chance: Chance) -> Result<(), Status> {
        let by = &self.people[4];
        let calls = by.escalations().list_calls(ListCallsRequest::default()).await?.into_inner().calls;
        if calls.is_empty() {
            return Ok(());
        }
        let call = &calls[chance.below(calls.len())];
        let results =
            [CallResult::NoAnswer, CallResult::Acknowledged, CallResult::Accepted, CallResult::Declined];
        let request = RecordCallRequest {
            request_id: request_id(),
            delivery_id: call.delivery_id.clone(),
            result: chance.one(&results).into(),
            their_incident: "77".to_owned(),
            remark: String::new(),
        };
        by.escalations().record_call(request).await?;
        let of = Escalation { escalation_id: call.escalation_id.clone(), ..Escalation::default() };
        self.promise(&of, "called", true);
        Ok(())
    }

    /// Waits until everything is taken that is due.
    async fn quiet(&self) {
        until("what is due is taken", async || {
            let due = "SELECT count(*) FROM helpline.escalations WHERE look_at <= helpline.now()";
            (self.stage.value(due) == "0").then_some(())
        })
        .await;
    }

    fn check(&self) {
        let none = |what: &str, sql: &str| {
            assert_eq!(self.stage.sql(sql), Vec::<Vec<Option<String>>>::new(), "{what}");
        };
        none(
            "the timeline is whole: every change of every escalation is on it, once, in order",
            "SELECT e.escalation_id FROM helpline.escalations e LEFT JOIN helpline.escalation_events v USING (escalation_id)
             GROUP BY e.escalation_id, e.event_count
             HAVING count(*) <> e.event_count OR max(v.sequence) <> e.event_count OR count(DISTINCT v.sequence) <> e.event_count",
        );
        // The time is that at which a change was begun: it may have waited for another.
        none(
            "the timeline goes forward",
            "SELECT escalation_id FROM (
                 SELECT escalation_id, at - lag(at) OVER (PARTITION BY escalation_id ORDER BY sequence) AS passed
                 FROM helpline.escalation_events) entries WHERE passed < interval '-3 seconds'",
        );
        none(
            "what is over or taken on has one holder",
            "SELECT escalation_id FROM helpline.escalations
             WHERE (state IN ('accepted', 'responding', 'on_scene')) <> (accepted_by IS NOT NULL AND ended_at IS NULL AND state <> 'child_reached')",
        );
        none(
            "nobody is told any more of what is over",
            "SELECT d.delivery_id FROM helpline.deliveries d JOIN helpline.escalations e USING (escalation_id)
             WHERE e.ended_at IS NOT NULL AND d.state = 'pending'",
        );
        none(
            "nobody is told twice of one step by one way",
            "SELECT escalation_id FROM helpline.deliveries WHERE event = 'escalation.notified' AND state <> 'withdrawn'
             GROUP BY escalation_id, rung, kind, agency_id, call HAVING count(*) > 1 AND max(rung) < 3",
        );
        let promised = self.promised.lock().unwrap();
        for ((escalation, event), (told, perhaps)) in &*promised {
            let sql = format!(
                "SELECT count(*) FROM helpline.escalation_events WHERE escalation_id = '{escalation}' AND event = '{event}'"
            );
            let there: usize = self.stage.value(&sql).parse().unwrap();
            assert!(
                (*told..=told + perhaps).contains(&there),
                "{event} of {escalation}: {there}, not {told}"
            );
        }
        drop(promised);
        self.lives_are_legal();
        self.steps_keep_their_times();
    }

    /// The journal tells one legal life of every escalation, revision by revision, and ends where it stands.
    fn lives_are_legal(&self) {
        let rows = self.stage.sql(
            "SELECT e.escalation_id::text, j.event, coalesce(j.detail ->> 'from', ''), coalesce(j.detail ->> 'state', ''),
                 coalesce(j.detail ->> 'rung', ''), j.revision::text, e.state, e.revision::text
             FROM helpline.journal j JOIN helpline.escalations e ON e.escalation_id = (j.detail ->> 'escalation_id')::uuid
             ORDER BY e.escalation_id, j.revision",
        );
        let mut lives: BTreeMap<String, (State, i64, i64, [String; 2])> = BTreeMap::new();
        for row in rows {
            let row: Vec<String> = row.into_iter().map(Option::unwrap).collect();
            let [escalation, event, from, to, rung, revision, state, last] = row.try_into().unwrap();
            let life = lives.entry(escalation.clone()).or_insert((State::Raised, 0, 0, [state, last]));
            let revision: i64 = revision.parse().unwrap();
            assert_eq!(revision, life.1 + 1, "every revision is in the journal, once ({escalation})");
            life.1 = revision;
            if !from.is_empty() {
                let (from, to) = (State::from_key(&from).unwrap(), State::from_key(&to).unwrap());
                assert_eq!(from, life.0, "{event} of {escalation}");
                assert!(from == to || from.may_become(to), "{event}: {from:?} to {to:?} ({escalation})");
                assert!(event != "escalation_accepted" || from.climbs(), "two have it: {escalation}");
                life.0 = to;
            }
            if matches!(event.as_str(), "escalation_step_taken" | "escalation_unanswered") {
                let rung: i64 = rung.parse().unwrap();
                let step = i64::from(event == "escalation_step_taken");
                assert_eq!(rung, life.2 + step, "no step twice, none left out ({escalation})");
                life.2 = rung;
            }
        }
        assert_eq!(lives.len(), self.raised.lock().unwrap().len());
        for (escalation, (state, revision, _, row)) in lives {
            assert_eq!([state.key().to_owned(), revision.to_string()], row, "{escalation}");
        }
    }

    /// No step is taken before its time, but for a reason that the timeline names.
    fn steps_keep_their_times(&self) {
        let rows = self.stage.sql(
            "SELECT escalation_id::text, event, extract(epoch FROM at)::float8::text, coalesce(detail ->> 'result', '')
             FROM helpline.escalation_events ORDER BY escalation_id, sequence",
        );
        let mut before = (String::new(), 0.0_f64, false);
        let mut steps = 0;
        for row in rows {
            let row: Vec<String> = row.into_iter().map(Option::unwrap).collect();
            let [escalation, event, at, result] = row.try_into().unwrap();
            let at: f64 = at.parse().unwrap();
            if escalation != before.0 {
                before = (escalation.clone(), at, false);
            }
            let (_, due, forced) = &mut before;
            match (event.as_str(), result.as_str()) {
                ("step_taken" | "fallback_rung", _) => {
                    assert!(at >= *due - 0.001, "{event} {} s too early ({escalation})", *due - at);
                    steps += 1;
                    *due = at + f64::from(if event == "step_taken" { WAIT_S } else { FALLBACK_S });
                    *forced = false;
                }
                // Whoever has seen it does not hold up what a supervisor asked for.
                ("acknowledged", _) if *forced => {}
                ("acknowledged", _) => *due = at + f64::from(ACCEPT_S),
                ("called", "acknowledged") => *due = due.min(at + f64::from(ACCEPT_S)),
                ("declined" | "step_forced" | "called" | "step_failed", _) => {
                    *due = at;
                    *forced |= event == "step_forced";
                }
                ("accepted", _) => *forced = false,
                _ => {}
            }
        }
        assert!(steps > 20, "only {steps} steps were taken");
    }
}

async fn play(stage: &mut Stage, seed: u64) {
    let mut chance = Chance::new(seed);
    let play = Play::begin(stage).await;
    for _ in 0..BATCHES {
        let mut acts: Vec<_> = (0..AT_ONCE).map(|_| Box::pin(play.act(Chance::new(chance.next())))).collect();
        let pass = f64::from(u32::try_from(5 + chance.below(40)).unwrap());
        std::future::poll_fn(|context| {
            acts.retain_mut(|act| match act.as_mut().poll(context) {
                std::task::Poll::Ready(Err(status)) if !may_be(&status) => panic!("{status:?}"),
                poll => poll.is_pending(),
            });
            if acts.is_empty() { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
        })
        .await;
        // Both servers see at once that time has passed.
        play.stage.world.advance(pass);
        play.quiet().await;
        play.check();
    }
}

#[tokio::test]
async fn six_hundred_acts_of_several_people_and_two_servers_leave_no_escalation_astray() {
    for seed in SEEDS {
        println!("seed {seed}");
        let mut stage = Stage::set().await;
        play(&mut stage, seed).await;
    }
}
