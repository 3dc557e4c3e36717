//! The centre of the benchmark: agencies that take turns in its plan, responders, supervisors, counsellors.

use anyhow::{Context as _, Result};
use helpline_proto::directory::v1::{Agency, AgencyKind, Capacity, Counsellor, CreateAgencyRequest};
use helpline_proto::escalation::v1::{
    Conditions, EscalationKind, GetPlanRequest, Policy, PublishPlanRequest, Step, Target, TargetKind,
};
use helpline_proto::options::v1::{FieldClass, Role};
use helpline_simulator::call;
use helpline_simulator::client::Client;
use helpline_simulator::draws::Draws;
use helpline_simulator::staff;
use tonic::transport::Channel;

use crate::field;

/// Regions, each with a policy of its own.
pub(crate) const REGIONS: usize = 12;
/// Agencies that a policy asks, one after the other.
const DESKS: usize = 2;
/// How often its steps are begun again: nothing climbs to its end while it is measured.
const REPEATS: i32 = 5;

/// Who is there.
pub(crate) struct Stage {
    /// Supervisors.
    pub(crate) supervisors: Vec<Client>,
    /// Counsellors.
    pub(crate) counsellors: Vec<Client>,
    /// Responders, spread over the agencies.
    pub(crate) responders: Vec<Client>,
}

/// How many are there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Crowd {
    /// Supervisors.
    pub(crate) supervisors: usize,
    /// Counsellors.
    pub(crate) counsellors: usize,
    /// Responders.
    pub(crate) responders: usize,
}

impl Crowd {
    /// So many desks: half of them counsellors', a hundredth supervisors', the rest responders'.
    pub(crate) const fn of(desks: usize) -> Self {
        let (supervisors, counsellors) = (desks / 100 + 1, desks / 2);
        Self { supervisors, counsellors, responders: desks - supervisors - counsellors }
    }
}

/// The key of a region.
pub(crate) fn region(number: usize) -> String {
    format!("region_{:02}", number % REGIONS)
}

impl Stage {
    /// Sets it up through the API.
    pub(crate) async fn set(
        administrator: &Client,
        channels: &[Channel],
        crowd: Crowd,
        draws: &mut Draws,
    ) -> Result<Self> {
        let client = |place: usize, token: &str| {
            Client::new(channels.get(place % channels.len()).context("a connection")?.clone(), token)
        };
        let mut agencies = Vec::new();
        for number in 0..REGIONS * DESKS {
            agencies.push(agency(administrator, number, draws).await?);
        }
        let mut supervisors = Vec::new();
        for place in 0..crowd.supervisors {
            let token = staff::token(administrator, Role::Supervisor, "Supervisor", "", draws).await?;
            supervisors.push(client(place, &token)?);
        }
        let mut responders = Vec::new();
        for place in 0..crowd.responders {
            let agency = agencies.get(place % agencies.len()).context("an agency")?;
            let token = staff::responder_token(administrator, "Responder", agency, draws).await?;
            responders.push(client(place, &token)?);
        }
        let records = (0..crowd.counsellors).map(|place| Counsellor {
            display_name: format!("Counsellor {place:03}"),
            languages: vec!["en".to_owned()],
            capacity: Some(Capacity { voice: 1, chats: 0, messages: 0 }),
            ..Counsellor::default()
        });
        let counsellors = field::hire(administrator, channels, records, draws).await?;
        publish(administrator, &agencies, draws).await?;
        Ok(Self { supervisors, counsellors, responders })
    }
}

async fn agency(administrator: &Client, number: usize, draws: &mut Draws) -> Result<String> {
    let agency = Agency {
        display_name: format!("Agency {number:02}"),
        kind: AgencyKind::Ambulance.into(),
        field_classes: vec![FieldClass::Location.into(), FieldClass::Health.into()],
        ..Agency::default()
    };
    let request = CreateAgencyRequest { request_id: draws.id(), agency: Some(agency) };
    let answer = call!(administrator.agencies(), create_agency, request).context("create an agency")?;
    Ok(answer.agency.context("an answer with the agency")?.agency_id)
}

/// A policy for each region: the one agency, then the other and the supervisors; waits as the risk gives them.
async fn publish(administrator: &Client, agencies: &[String], draws: &mut Draws) -> Result<()> {
    let answer =
        call!(administrator.plans(), get_plan, GetPlanRequest::default()).context("read the plan")?;
    let mut plan = answer.plan.context("an answer with the plan")?;
    let desk = |agency: &String| Target {
        kind: TargetKind::Agency.into(),
        agency_id: agency.clone(),
        discloses: vec![FieldClass::Location.into(), FieldClass::Health.into()],
        ..Target::default()
    };
    let supervisors = Target { kind: TargetKind::Supervisors.into(), ..Target::default() };
    let step = |targets: Vec<Target>| Step { targets, wait: None };
    let policies = agencies.chunks_exact(DESKS).enumerate().map(|(place, asked)| Policy {
        policy: region(place),
        conditions: Some(Conditions {
            kinds: vec![EscalationKind::Emergency.into()],
            regions: vec![region(place)],
            ..Conditions::default()
        }),
        steps: vec![step(vec![desk(&asked[0])]), step(vec![desk(&asked[1]), supervisors.clone()])],
        repeats: REPEATS,
        ..Policy::default()
    });
    plan.policies.splice(0..0, policies);
    let request = PublishPlanRequest { request_id: draws.id(), plan: Some(plan), expected_version: 0 };
    call!(administrator.plans(), publish_plan, request).context("publish the plan")?;
    Ok(())
}
