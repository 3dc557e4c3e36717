//! Whether every centre can raise an emergency that comes to somebody.

use std::collections::BTreeSet;

use helpline_domain::escalation::check::check;
use helpline_domain::escalation::on_call::unattended;
use helpline_domain::escalation::plan::{Kind, Policy, Target};
use helpline_domain::id::AgencyId;
use helpline_service_kit::config::Config;
use helpline_store::migrate::known_version;
use helpline_store::readiness::{Readiness, Ways};
use helpline_store::{Store, StoreError};

use super::Finding;
use super::database::store;

/// Version of the plan that every centre begins with.
const FIRST_PLAN: i64 = 1;

/// Nothing when the database cannot be asked: that is another finding.
pub(super) async fn examine(config: &Config) -> Vec<Finding> {
    let mut findings = Vec::new();
    if config.channels.private_targets {
        findings.push(Finding::warn(
            "channels.private_targets is on: webhooks may go to the own network, and without TLS",
            "only for development: take it out of the configuration",
        ));
    }
    if config.database.url.is_empty() {
        return findings;
    }
    if let Ok(Some(store)) = store(config) {
        findings.extend(centres(&store, &Channels::of(config)).await.unwrap_or_default());
    }
    findings
}

async fn centres(store: &Store, channels: &Channels) -> Result<Vec<Finding>, StoreError> {
    if store.facts().await?.schema_version != Some(known_version()) {
        return Ok(Vec::new());
    }
    let mut findings = Vec::new();
    for centre in store.centre_ids().await? {
        findings.extend(judge(&store.readiness(centre).await?, channels));
    }
    if findings.is_empty() {
        findings.push(Finding::warn("there is no centre", "run `helpline centre create`"));
    }
    Ok(findings)
}

/// What can be sent.
struct Channels {
    mail: bool,
    sms: bool,
    /// Whether e-mails have a link to a page on which they can be answered.
    links: bool,
}

impl Channels {
    fn of(config: &Config) -> Self {
        Self {
            mail: !config.channels.smtp.is_empty(),
            sms: !config.channels.sms_gateway.is_empty(),
            links: config.console.base().is_some(),
        }
    }

    /// The setting without which something of an agency is not sent, and what that is.
    fn missing(&self, ways: &Ways) -> Option<(&'static str, &'static str)> {
        if ways.emails > 0 && !self.mail {
            return Some(("channels.smtp", "e-mails"));
        }
        (ways.numbers > 0 && !self.sms).then_some(("channels.sms_gateway", "SMS"))
    }
}

/// Everything that is wrong with a centre; one line if nothing is.
fn judge(centre: &Readiness, channels: &Channels) -> Vec<Finding> {
    let plan = &centre.plan.plan;
    let name = &centre.name;
    let mut findings = Vec::new();
    if centre.plan.version == FIRST_PLAN {
        findings.push(Finding::warn(
            format!(
                "{name}: has no plan of its own for emergencies: supervisors are told, then somebody on shift is asked to \
                 ring {}",
                plan.fallback.number
            ),
            "is that number right? Publish a plan with PlanService/PublishPlan",
        ));
    }
    for problem in check(plan, &centre.known) {
        findings.push(Finding::fail(
            format!(
                "{name}: its plan cannot be relied on any more: {} must be {}",
                problem.field, problem.must
            ),
            "publish it again with PlanService/PublishPlan",
        ));
    }
    let targets = || plan.policies.iter().flat_map(|policy| &policy.steps).flat_map(|step| &step.targets);
    let desks: BTreeSet<AgencyId> = targets()
        .filter_map(|target| match target {
            Target::Agency(desk) => Some(desk.agency_id),
            _ => None,
        })
        .collect();
    findings.extend(desks.iter().filter_map(|agency| desk(name, centre.agencies.get(agency)?, channels)));
    for key in unattended(plan, &centre.stand_ins, &centre.known.counsellors, centre.now) {
        findings.push(Finding::fail(
            format!("{name}: nobody is on call now in {key}, which its plan counts on"),
            "let somebody stand in with PlanService/MakeStandIn, or publish the plan with people who are there",
        ));
    }
    let is_for_reports = |policy: &Policy| policy.conditions.kinds.contains(&Kind::MandatoryReport);
    if !plan.policies.iter().any(is_for_reports) {
        findings.push(Finding::warn(
            format!(
                "{name}: its plan has no policy for reports that the law demands: they hurry like emergencies"
            ),
            "give them a policy with ESCALATION_KIND_MANDATORY_REPORT among the kinds of its conditions",
        ));
    }
    if centre.supervisors == 0 {
        findings.push(Finding::warn(
            format!("{name}: no supervisor has a token in force: steps and alarms that go to supervisors reach nobody"),
            "make one with TokenService/CreateToken or `helpline token create --role supervisor`",
        ));
    }
    if findings.is_empty() {
        findings.push(Finding::ok(format!(
            "{name}: emergencies follow version {} of its plan, and end at {}",
            centre.plan.version, plan.fallback.number
        )));
    }
    findings
}

/// What is wrong with an agency that the plan counts on.
fn desk(centre: &str, ways: &Ways, channels: &Channels) -> Option<Finding> {
    let agency = &ways.display_name;
    let responder = "give a responder of it a token with TokenService/CreateToken";
    let told = ways.webhooks > 0 || ways.emails > 0 && channels.mail || ways.numbers > 0 && channels.sms;
    let answers = ways.responders > 0 || ways.emails > 0 && channels.mail && channels.links;
    Some(match (answers, told, channels.missing(ways)) {
        (true, _, None) => return None,
        (false, false, None) => Finding::fail(
            format!(
                "{centre}: {agency} is in the plan, but has neither a responder with a token nor an endpoint"
            ),
            format!("{responder}, or add an endpoint with EndpointService/CreateEndpoint"),
        ),
        (false, false, Some((setting, _))) => Finding::fail(
            format!("{centre}: {agency} is in the plan, but is not told: {setting} is not set"),
            "set it, or add another endpoint",
        ),
        (false, true, _) => Finding::warn(
            format!(
                "{centre}: {agency} is told, but nobody of it can answer: no responder has a token in force"
            ),
            responder,
        ),
        (true, _, Some((setting, what))) => Finding::warn(
            format!("{centre}: {what} to {agency} are held back: {setting} is not set"),
            "set it, or disable the endpoint",
        ),
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use helpline_domain::escalation::check::Known;
    use helpline_domain::escalation::plan::{Desk, Plan, Rotation, Turn};
    use helpline_domain::id::CounsellorId;
    use helpline_store::escalation_plan::VersionedPlan;

    use super::super::Level;
    use super::*;

    const NAME: &str = "مركز";

    /// A centre whose plan of this version tells an agency first, which can be told in these ways.
    fn centre(version: i64, ways: &Ways) -> Readiness {
        let agency_id = AgencyId::from(uuid::Uuid::from_u128(7));
        let mut plan = Plan::to_begin_with("911");
        plan.policies[1].steps[0].targets =
            vec![Target::Agency(Desk { agency_id, discloses: BTreeSet::new() })];
        Readiness {
            name: NAME.to_owned(),
            plan: VersionedPlan { version, plan },
            known: Known {
                counsellors: BTreeSet::new(),
                agencies: BTreeMap::from([(agency_id, BTreeSet::new())]),
            },
            agencies: BTreeMap::from([(
                agency_id,
                Ways { display_name: "Police".to_owned(), ..ways.clone() },
            )]),
            stand_ins: Vec::new(),
            supervisors: 1,
            now: chrono::DateTime::UNIX_EPOCH,
        }
    }

    fn said(centre: &Readiness, sends: bool) -> Vec<(Level, String)> {
        let findings = judge(centre, &Channels { mail: sends, sms: sends, links: false });
        findings.into_iter().map(|finding| (finding.level, finding.what)).collect()
    }

    fn only(centre: &Readiness, sends: bool, level: Level, what: &str) {
        let said = said(centre, sends);
        assert!(said.len() == 1 && said[0].0 == level && said[0].1.contains(what), "{what}: {said:?}");
        assert!(said[0].1.starts_with(NAME), "{said:?}");
    }

    #[test]
    fn a_centre_that_can_be_relied_on_says_so_with_the_number_at_the_end() {
        let answers = Ways { responders: 1, ..Ways::default() };
        only(&centre(2, &answers), false, Level::Ok, "version 2 of its plan, and end at 911");
        only(&centre(1, &answers), false, Level::Warn, "ring 911");
    }

    #[test]
    fn a_desk_that_hears_nothing_or_cannot_answer_is_named() {
        let ways = |responders, webhooks, emails, numbers| {
            centre(2, &Ways { responders, webhooks, emails, numbers, ..Ways::default() })
        };
        only(&ways(0, 0, 0, 0), true, Level::Fail, "Police is in the plan, but has neither");
        only(&ways(0, 1, 0, 0), true, Level::Warn, "nobody of it can answer");
        only(&ways(0, 0, 1, 0), true, Level::Warn, "nobody of it can answer");
        only(&ways(0, 0, 1, 0), false, Level::Fail, "channels.smtp is not set");
        only(&ways(1, 0, 1, 0), false, Level::Warn, "held back");
        only(&ways(0, 0, 0, 1), true, Level::Warn, "nobody of it can answer");
        let linked = judge(&ways(0, 0, 1, 0), &Channels { mail: true, sms: false, links: true });
        assert_eq!(linked[0].level, Level::Ok, "whoever reads the e-mail answers by its link");
        only(&ways(0, 0, 0, 1), false, Level::Fail, "channels.sms_gateway is not set");
        only(&ways(1, 0, 0, 1), false, Level::Warn, "SMS to Police are held back");
    }

    #[test]
    fn what_a_plan_counts_on_and_is_not_there_is_named() {
        let mut centre = centre(2, &Ways { responders: 1, ..Ways::default() });
        let person = CounsellorId::from(uuid::Uuid::from_u128(1));
        centre.plan.plan.rotations = vec![Rotation {
            rotation: "nights".to_owned(),
            time_zone: "Asia/Qatar".to_owned(),
            begins_at: "2026-01-01T08:00:00".parse().unwrap(),
            turn: Turn::Days(1),
            members: vec![person],
        }];
        centre.plan.plan.policies[1].steps[1].targets.push(Target::Rotation("nights".to_owned()));
        centre.known.counsellors.insert(person);
        only(&centre, true, Level::Fail, "nobody is on call now in nights");

        centre.now = "2026-01-02T00:00:00Z".parse().unwrap();
        assert_eq!(said(&centre, true)[0].0, Level::Ok);
        centre.known.agencies.clear();
        centre.agencies.clear();
        only(&centre, true, Level::Fail, "steps[0].targets[0] must be an agency of the centre");

        centre.plan.plan = Plan::to_begin_with("911");
        centre.supervisors = 0;
        only(&centre, true, Level::Warn, "no supervisor has a token in force");
        centre.supervisors = 1;
        centre.plan.plan.policies.remove(0);
        only(&centre, true, Level::Warn, "no policy for reports that the law demands");
    }
}
