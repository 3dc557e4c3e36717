//! Where a house is, whether it has room and who lives there is known to supervisors and to who answers for it, and to nobody else.

use anyhow::Result;
use helpline_proto::directory::v1::{
    GetServiceRequest, LocationKind, Position, SearchServicesRequest, Service, ServiceComparison,
    ServiceLocation, ServiceRule, ServiceVerdict,
};
use helpline_proto::referral::v1::{
    Admission, GetAdmissionRequest, GetOccupancyRequest, ListAdmissionsRequest, ListCapacitiesRequest,
    ListHoldsRequest, PlaceHoldRequest,
};

use super::{NEED, People};
use crate::referral::STREET;
use crate::scenario::cast::{Who, does, given, is_refused, said, so};
use crate::scenario::places::{Offered, UNIT};
use crate::scenario::stage::Stage;

/// An id of nothing.
const NOWHERE: &str = "00000000-0000-4000-8000-00000000000f";
const NONE: [i32; 0] = [];

/// How many places are free of each service of which somebody is told.
async fn free(who: &Who) -> Result<Vec<i32>> {
    let units = does!(who, capacity.list_capacities, ListCapacitiesRequest::default()).capacities;
    Ok(units.into_iter().map(|unit| unit.available).collect())
}

/// Who decides sees room; a counsellor is refused by the full house as by the one with a bed.
pub(super) async fn room(stage: &Stage<'_>, people: &People) -> Result<()> {
    so!(free(&people.nadia).await?, [0, 1], "a supervisor looks where a bed is left");
    so!(free(&people.shelters[1].by).await?, [1], "a house knows its own beds");
    for who in [&people.huda, &people.employers] {
        so!(free(who).await?, NONE, "who need not know sees no beds");
    }
    let mut told = Vec::new();
    for house in &people.shelters {
        let request = PlaceHoldRequest {
            request_id: stage.id(),
            unit: UNIT.to_owned(),
            service_ids: vec![house.service_id.clone()],
            count: 1,
            ..PlaceHoldRequest::default()
        };
        told.push(is_refused!(people.huda, capacity.place_hold, request));
    }
    so!(told[0], told[1], "a full house and one with a bed");
    so!(told[1].state, "protected", "why a counsellor keeps no bed");
    stage.tell(&people.huda, "is not told whether Lily House or Palm House has room, nor where they are");
    Ok(())
}

async fn service(who: &Who, house: &Offered) -> Result<Service> {
    let request = GetServiceRequest { service_id: house.service_id.clone() };
    Ok(given!(does!(who, services.get_service, request), service))
}

/// Where it is and what is free there, a counsellor does not find.
async fn is_hidden(who: &Who, house: &Offered) -> Result<()> {
    let told = service(who, house).await?;
    let withheld = ServiceLocation {
        kind: LocationKind::Physical.into(),
        address_withheld: true,
        ..ServiceLocation::default()
    };
    so!((&told.locations, said(&told).contains(STREET)), (&vec![withheld], false), "where it is");
    so!(told.capacities.len(), 0, "what is free there");
    let request = SearchServicesRequest {
        terms: vec![NEED.to_owned()],
        position: Some(Position { latitude: 25.28, longitude: 51.53 }),
        places: 1,
        ..SearchServicesRequest::default()
    };
    let found = does!(who, services.search_services, request);
    so!((found.services.len(), said(&found).contains(STREET)), (2, false), "houses are found, and not where");
    for one in found.services {
        let room = one.comparisons.iter().find(|compared| compared.rule() == ServiceRule::Places);
        let room = room.map(ServiceComparison::verdict);
        so!(
            (one.distance_km, room),
            (None, Some(ServiceVerdict::NotStated)),
            "how far, and whether there is room"
        );
    }
    Ok(())
}

/// Whoever asks for her without a right gets the answer that they would get about nobody.
pub(super) async fn nobody_is_told(stage: &Stage<'_>, people: &People, stay: &Admission) -> Result<()> {
    let (lily, palm) = (&people.shelters[0].by, &people.shelters[1]);
    let seen = said(&service(&people.nadia, palm).await?);
    so!(seen.contains(STREET), true, "a supervisor knows where it is");
    so!(free(&people.nadia).await?, [0, 0], "both are full now");
    for who in [&people.huda, &people.colleague] {
        for house in &people.shelters {
            is_hidden(who, house).await?;
        }
        so!(free(who).await?, NONE, "a counsellor sees no beds");
    }
    for who in [&people.colleague, &people.employers, lily] {
        let holds = does!(who, capacity.list_holds, ListHoldsRequest::default()).holds;
        let stays = does!(who, admissions.list_admissions, ListAdmissionsRequest::default()).admissions;
        so!((holds.len(), stays.len()), (0, 0), "who lives where is not listed");
        let get = |id: &str| GetAdmissionRequest { admission_id: id.to_owned() };
        let asked = is_refused!(who, admissions.get_admission, get(&stay.admission_id));
        so!(asked, is_refused!(who, admissions.get_admission, get(NOWHERE)), "who is there is not told");
        so!(asked.reason, "NOT_FOUND", "who is there is not told");
    }
    for who in [&people.employers, lily] {
        let get = |service_id: &str| GetOccupancyRequest {
            service_id: service_id.to_owned(),
            unit: UNIT.to_owned(),
            first_date: stage.date(0),
            last_date: stage.date(0),
        };
        let asked = is_refused!(who, capacity.get_occupancy, get(&palm.service_id));
        so!(asked, is_refused!(who, capacity.get_occupancy, get(NOWHERE)), "whether somebody lives there");
        let request = GetServiceRequest { service_id: palm.service_id.clone() };
        so!(
            is_refused!(who, services.get_service, request).reason,
            "ROLE_REFUSED",
            "an agency asks where it is"
        );
    }
    stage.tell(
        &people.colleague,
        "learns neither that she is there nor where it is, as nobody does who need not",
    );
    Ok(())
}
