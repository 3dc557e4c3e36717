//! Emergencies of the demo: whom the centre tells, by which plan, and who answers in which manner.
//!
//! A counsellor who hears of harm that happens now raises an escalation ([`help`]). The plan tells three agencies one after
//! another: the first does not answer, the second sees it and leaves it at that, the third takes it on and reaches the child
//! ([`desk`]). The second has no client of its own and is told by a webhook, whose signature it verifies ([`receiver`]). What
//! the supervisor sees of it all is an [`account`].

pub mod account;
pub mod desk;
pub(crate) mod help;
pub mod receiver;

use anyhow::{Context as _, Result};
use helpline_proto::channels::v1::{CreateEndpointRequest, EndpointKind, SignatureScheme};
use helpline_proto::directory::v1::{Agency, AgencyKind, CreateAgencyRequest};
use helpline_proto::escalation::v1::{
    Plan, PlannedCall, Policy, PublishPlanRequest, Step, Target, TargetKind,
};
use helpline_proto::options::v1::FieldClass;

use crate::call;
use crate::client::Client;
use crate::draws::Draws;
use crate::speed::Speed;
use crate::staff;

/// Times of the plan in seconds of the helpline's time: to the next desk, from seeing to taking on, to the child.
const STEP: f64 = 30.0;
const ACCEPT: f64 = 120.0;
const REACH: f64 = 1800.0;
/// The shortest of them that a plan may have, in real seconds.
const LEAST_STEP: i64 = 5;
const LEAST_ACCEPT: i64 = 10;
const LEAST_REACH: i64 = 60;

/// How the people of an agency answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// Their screen is on, and nobody looks at it.
    Silent,
    /// They say that they have seen it, and do no more.
    Hesitant,
    /// They take it on, set out and reach the child.
    Helpful,
}

/// An agency of the demo.
#[derive(Clone, Copy, Debug)]
pub struct Partner {
    /// Its name.
    pub name: &'static str,
    kind: AgencyKind,
    /// How it answers.
    pub manner: Manner,
    /// Whether it is told by a webhook instead of on a screen.
    pub by_webhook: bool,
}

/// The agencies, in the order in which they are told.
pub const PARTNERS: [Partner; 3] = [
    Partner { name: "Police", kind: AgencyKind::Police, manner: Manner::Silent, by_webhook: false },
    Partner { name: "Ambulance", kind: AgencyKind::Ambulance, manner: Manner::Hesitant, by_webhook: true },
    Partner {
        name: "Child protection",
        kind: AgencyKind::ChildProtection,
        manner: Manner::Helpful,
        by_webhook: false,
    },
];

/// An agency that the centre knows.
#[derive(Clone, Debug)]
pub struct Registered {
    /// Which.
    pub partner: Partner,
    /// Its id.
    pub agency_id: String,
    /// The token of its responder.
    pub token: String,
    /// By what it verifies webhooks, if it is told by one.
    pub secret: Option<String>,
}

/// Adds the agencies, a token for a responder of each, and an endpoint at `hook` for those who are told by one.
///
/// # Errors
/// The server's refusal.
pub async fn register(administrator: &Client, hook: &str, draws: &mut Draws) -> Result<Vec<Registered>> {
    let mut registered = Vec::new();
    for partner in PARTNERS {
        let agency = Agency {
            display_name: partner.name.to_owned(),
            kind: partner.kind.into(),
            field_classes: told(),
            ..Agency::default()
        };
        let request = CreateAgencyRequest { request_id: draws.id(), agency: Some(agency) };
        let answer = call!(administrator.agencies(), create_agency, request).context("create an agency")?;
        let agency_id = answer.agency.context("an answer with the agency")?.agency_id;
        let label = format!("Responder of {}", partner.name);
        let token = staff::responder_token(administrator, &label, &agency_id, draws).await?;
        let secret = if partner.by_webhook {
            let request = CreateEndpointRequest {
                request_id: draws.id(),
                agency_id: agency_id.clone(),
                kind: EndpointKind::Webhook.into(),
                address: hook.to_owned(),
                signature: SignatureScheme::V1.into(),
            };
            let answer =
                call!(administrator.endpoints(), create_endpoint, request).context("create an endpoint")?;
            Some(answer.secret)
        } else {
            None
        };
        registered.push(Registered { partner, agency_id, token, secret });
    }
    Ok(registered)
}

/// What an agency may be told of an emergency: where the child is and what happens, not who the child is.
fn told() -> Vec<i32> {
    vec![FieldClass::Location.into(), FieldClass::Narrative.into()]
}

/// Publishes the plan that tells the agencies one after another.
///
/// # Errors
/// The server's refusal.
pub async fn publish(
    administrator: &Client,
    registered: &[Registered],
    speed: Speed,
    draws: &mut Draws,
) -> Result<()> {
    let ids = registered.iter().map(|one| one.agency_id.as_str());
    let request =
        PublishPlanRequest { request_id: draws.id(), plan: Some(plan(ids, speed)), expected_version: 0 };
    call!(administrator.plans(), publish_plan, request).context("publish the plan for emergencies")?;
    Ok(())
}

/// The plan: each agency is a step. Its times pass as much faster as the play, as far as the API's bounds allow.
fn plan<'a>(agencies: impl Iterator<Item = &'a str>, speed: Speed) -> Plan {
    let duration = |seconds: f64, least: i64| {
        Some(prost_types::Duration { seconds: speed.setting(seconds, least), nanos: 0 })
    };
    let step = |agency: &str| Step {
        targets: vec![Target {
            kind: TargetKind::Agency.into(),
            agency_id: agency.to_owned(),
            discloses: told(),
            ..Target::default()
        }],
        wait: duration(STEP, LEAST_STEP),
    };
    Plan {
        policies: vec![Policy {
            policy: "general".to_owned(),
            steps: agencies.map(step).collect(),
            accept: duration(ACCEPT, LEAST_ACCEPT),
            reach: duration(REACH, LEAST_REACH),
            ..Policy::default()
        }],
        fallback: Some(PlannedCall {
            label: "Emergency services".to_owned(),
            number: "112".to_owned(),
            script: "This is a demonstration: nobody is rung.".to_owned(),
            ..PlannedCall::default()
        }),
        fallback_every: duration(300.0, 60),
        reach_alarm_every: duration(600.0, 60),
        ..Plan::default()
    }
}

/// What the plan's times are at a speed, for whoever watches: to the next desk and to take it on, in real seconds.
pub fn waits(speed: Speed) -> (i64, i64) {
    (speed.setting(STEP, LEAST_STEP), speed.setting(ACCEPT, LEAST_ACCEPT))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plan_keeps_to_the_bounds_of_the_api_at_every_speed() {
        for factor in [0.1, 1.0, 20.0, 1000.0] {
            let plan = plan(["a", "b", "c"].into_iter(), Speed::new(factor).unwrap());
            let seconds = |duration: Option<prost_types::Duration>| duration.unwrap().seconds;
            let policy = &plan.policies[0];
            assert!(policy.steps.iter().all(|step| (5..=2_592_000).contains(&seconds(step.wait))));
            assert!((10..=2_592_000).contains(&seconds(policy.accept)));
            assert!((60..=2_592_000).contains(&seconds(policy.reach)));
            assert!(seconds(plan.fallback_every) >= 60 && seconds(plan.reach_alarm_every) >= 60);
        }
        assert_eq!(waits(Speed::new(1.0).unwrap()), (30, 120));
        assert_eq!(waits(Speed::new(20.0).unwrap()), (5, 10));
    }
}
