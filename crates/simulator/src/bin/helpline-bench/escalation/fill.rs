//! Many open escalations, written by the store itself with everything sealed, as the server writes them.

use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use helpline_domain::caller::{Caller, Role};
use helpline_domain::escalation::{Danger, EscalationKind, LocationSource};
use helpline_domain::id::{CentreId, CounsellorId};
use helpline_domain::risk::Risk;
use helpline_simulator::draws::Draws;
use helpline_simulator::house::{DATABASE, House};
use helpline_store::escalation::notes::NewLocation;
use helpline_store::escalation::raise::{NewEscalation, Particulars};
use helpline_store::{Change, Store};
use helpline_vault::Sensitive;
use tokio::task::JoinSet;
use uuid::Uuid;

use super::stage::region;
use crate::floor::{command, in_order, store};

/// Writers at once.
const HANDS: usize = 8;
/// How grave they are: every fifth the gravest, half of them such that wait five minutes.
const RISKS: [Risk; 10] = [
    Risk::HarmNow,
    Risk::Imminent,
    Risk::High,
    Risk::High,
    Risk::Imminent,
    Risk::HarmNow,
    Risk::High,
    Risk::Imminent,
    Risk::High,
    Risk::High,
];

/// Raises so many, each by one of the centre's counsellors.
pub(crate) async fn fill(house: &House, centre: Uuid, count: usize, draws: &mut Draws) -> Result<()> {
    // On shift and busy otherwise: whose owner has gone home would alarm.
    let rows = house.stack().postgres.query(
        DATABASE,
        "UPDATE helpline.presences SET state = 'not_ready', reason = 'administration', since_at = helpline.now(),
            last_seen_at = helpline.now() RETURNING counsellor_id",
    )?;
    let ids = rows.iter().filter_map(|row| row.first()?.as_deref()?.parse::<Uuid>().ok());
    let people: Arc<[CounsellorId]> = ids.map(CounsellorId::from).collect();
    let store = store(house)?;
    let version = store.plan_in_force(centre.into()).await?.version;
    let mut writers = JoinSet::new();
    for hand in 0..HANDS {
        let (store, people) = (store.clone(), Arc::clone(&people));
        let mut draws = Draws::new(draws.uuid().as_u64_pair().0, 0);
        writers.spawn(async move {
            for place in (hand..count).step_by(HANDS) {
                let person = *people.get(place % people.len().max(1)).context("a counsellor")?;
                raise(&store, centre.into(), person, (place, version), &mut draws).await?;
            }
            anyhow::Ok(())
        });
    }
    while let Some(done) = writers.join_next().await {
        done??;
    }
    store.close();
    Ok(())
}

async fn raise(
    store: &Store,
    centre: CentreId,
    person: CounsellorId,
    (place, plan_version): (usize, i64),
    draws: &mut Draws,
) -> Result<()> {
    let caller = Caller {
        token_id: draws.uuid().into(),
        centre_id: centre,
        role: Role::Counsellor,
        counsellor_id: Some(person),
        agency_id: None,
        only: None,
    };
    let said = |text: &str| Some(Sensitive::new("made up", text.to_owned()));
    let new = NewEscalation {
        case_id: None,
        escalation_id: in_order(draws).into(),
        kind: EscalationKind::Emergency,
        contact_id: None,
        risk: RISKS[place % RISKS.len()],
        danger: Danger::Violence,
        region: Some(region(place)),
        exercise: false,
        plan_version,
        policy: region(place),
        reach_s: 1800,
        particulars: Particulars {
            identity: said("A made-up child, about nine"),
            contact: said("A made-up neighbour's telephone"),
            narrative: said("A made-up report that is as long as a short one of a real case would be."),
            health: said("Nothing is known"),
            perpetrator: None,
        },
        location: Some(NewLocation {
            location_id: draws.uuid(),
            source: LocationSource::Said,
            place: Sensitive::new("made up", "Behind a made-up school".to_owned()),
            observed_at: None,
        }),
        report: None,
    };
    match store.raise_escalation(&command(caller, "RaiseEscalation", draws), &new).await? {
        Change::Done(_) => Ok(()),
        _ => bail!("a report that nobody contests was refused"),
    }
}
