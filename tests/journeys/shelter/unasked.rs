//! Everything that somebody may ask about a shelter, or is listed about shelters, who knows of none of its residents and not where it is.

use helpline_domain::id::AgencyId;
use helpline_proto::channels::v1::ListDeliveriesRequest;
use helpline_proto::directory::v1::{
    GetServiceRequest, ListServicesRequest, Position, SearchServicesRequest,
};
use helpline_proto::referral::v1::{
    Admission, DraftReferralRequest, GetAdmissionRequest, GetOccupancyRequest, GetReferralRequest,
    ListAdmissionsRequest, ListCapacitiesRequest, ListHoldsRequest, ListReferralTimelineRequest,
    ListReferralsRequest, PlaceHoldRequest, Referral, RequestAdmissionRequest, SetCapacityRequest,
};
use helpline_proto::shelter::v1::ListReturnAssistancesRequest;
use helpline_tests::referral::draft;
use helpline_tests::{Abilities, Actor, Refused, request_id};
use prost::Message;
use tonic::{Response, Status};

use super::room::House;
use crate::referral::holds::hold;

/// What a counsellor may ask who refers a child of their own there, and what another agency and the administrator may, each beginning with
/// who asks. Nothing of it takes a place.
pub(super) const LISTS: [&str; 33] = [
    "counsellor SearchServices: all",
    "counsellor SearchServices: by the name of the street",
    "counsellor SearchServices: by the name of the city",
    "counsellor SearchServices: in the city",
    "counsellor SearchServices: near",
    "counsellor SearchServices: far",
    "counsellor SearchServices: with a place",
    "counsellor SearchServices: open",
    "counsellor GetService",
    "counsellor ListCapacities",
    "counsellor ListHolds",
    "counsellor ListAdmissions",
    "counsellor ListReferrals",
    "counsellor ListReturnAssistances",
    "counsellor PlaceHold",
    "counsellor PlaceHold: for their child",
    "counsellor HoldAdmissionPlace",
    "counsellor DraftReferral",
    "counsellor RequestAdmission",
    "counsellor GetReferral",
    "counsellor ListReferralTimeline",
    "counsellor GetAdmission",
    "agency ListCapacities",
    "agency ListHolds",
    "agency ListAdmissions",
    "agency ListReferrals",
    "agency GetOccupancy",
    "agency SetCapacity",
    "agency GetReferral",
    "administrator SearchServices: with a place",
    "administrator GetService",
    "administrator ListServices",
    "administrator ListDeliveries",
];

/// Who refers a child of their own to a house, and who else may ask about it.
pub(super) struct Stranger {
    counsellor: Actor,
    agency: Actor,
    administrator: Actor,
    of: AgencyId,
    service: String,
    case: String,
    referral: Referral,
    stay: Admission,
}

/// An answer without what is its own in every world: who answers, and what is said of a child of the counsellor's own but for how it stands.
fn said<M: Message>(of: AgencyId, answer: Result<Response<M>, Status>, own: impl FnOnce(&mut M)) -> String {
    match answer {
        Ok(answer) => {
            let mut answer = answer.into_inner();
            own(&mut answer);
            // Each byte as it is: text that cannot be read would hide what differs.
            let bytes: String = answer.encode_to_vec().into_iter().map(char::from).collect();
            bytes.replace(&of.to_string(), "the agency")
        }
        Err(status) => format!("{:?} {}", Refused::from(&status), status.message()),
    }
}

/// How a referral stands.
fn standing(one: &mut Referral) {
    let choices = std::mem::take(&mut one.choices).into_iter().map(|mut choice| {
        (choice.offer_time, choice.answer_time) = (None, None);
        choice
    });
    *one = Referral { choices: choices.collect(), state: one.state, ..Referral::default() };
}

/// How a stay stands.
fn stands(one: &mut Admission) {
    *one = Admission { state: one.state, ..Admission::default() };
}

fn searched() -> SearchServicesRequest {
    SearchServicesRequest::default()
}

impl Stranger {
    /// A counsellor has referred a child of their own to a house, which has looked at it and has kept no place yet.
    pub(super) async fn of(house: &House) -> Self {
        let world = &house.stage.world;
        let counsellor = world.counsellor(Abilities::speaking(&["ar"])).await;
        let elsewhere = world.agency().await;
        let case = counsellor.case_of_child().await.case_id;
        let new = DraftReferralRequest { case_id: case.clone(), ..draft("", &[&house.service]) };
        let referral = counsellor.refer(new).await;
        let wish = RequestAdmissionRequest {
            request_id: request_id(),
            referral_id: referral.referral_id.clone(),
            service_id: house.service.clone(),
            unit: "bed".to_owned(),
        };
        let stay = counsellor.admissions().request_admission(wish).await.unwrap().into_inner();
        let stay = house.by().screens(&stay.admission.unwrap().admission_id).await.unwrap();
        Self {
            counsellor,
            agency: world.responder(elsewhere).await,
            administrator: world.administrator(),
            of: house.agency,
            service: house.service.clone(),
            case,
            referral,
            stay,
        }
    }

    /// What somebody is answered.
    pub(super) async fn ask(&self, asked: &str) -> String {
        let (who, method) = asked.split_once(' ').unwrap();
        let actor = match who {
            "counsellor" => &self.counsellor,
            "agency" => &self.agency,
            _ => &self.administrator,
        };
        match method.split_once(": ").unwrap_or((method, "")) {
            ("SearchServices", by) => self.search(actor, by).await,
            (method @ ("GetService" | "ListServices" | "ListDeliveries"), _) => {
                self.look(actor, method).await
            }
            (
                method @ ("ListCapacities" | "ListHolds" | "GetOccupancy" | "SetCapacity" | "PlaceHold"),
                how,
            ) => self.place(actor, method, how).await,
            (method, _) => self.refer(actor, method).await,
        }
    }

    async fn search(&self, actor: &Actor, by: &str) -> String {
        let here = Position { latitude: 25.28, longitude: 51.53 };
        let there = Position { latitude: 43.24, longitude: 76.89 };
        let request = match by {
            "all" => searched(),
            "by the name of the street" => {
                SearchServicesRequest { text: "Hidden street".to_owned(), ..searched() }
            }
            "by the name of the city" => SearchServicesRequest { text: "Lusail".to_owned(), ..searched() },
            "in the city" => SearchServicesRequest { area: "Lusail".to_owned(), ..searched() },
            "near" => SearchServicesRequest { position: Some(here), within_km: Some(1.0), ..searched() },
            "far" => SearchServicesRequest { position: Some(there), within_km: Some(1.0), ..searched() },
            "with a place" => SearchServicesRequest { places: 1, unit: "bed".to_owned(), ..searched() },
            "open" => SearchServicesRequest { open_now: true, ..searched() },
            unknown => panic!("{unknown} is not searched"),
        };
        said(self.of, actor.services().search_services(request).await, |_| ())
    }

    async fn look(&self, actor: &Actor, method: &str) -> String {
        let service_id = self.service.clone();
        match method {
            "GetService" => {
                said(self.of, actor.services().get_service(GetServiceRequest { service_id }).await, |_| ())
            }
            "ListServices" => {
                said(self.of, actor.services().list_services(ListServicesRequest::default()).await, |_| ())
            }
            _ => {
                let list = ListDeliveriesRequest::default();
                said(self.of, actor.deliveries().list_deliveries(list).await, |_| ())
            }
        }
    }

    async fn place(&self, actor: &Actor, method: &str, how: &str) -> String {
        let (mut places, service_id) = (actor.capacity(), self.service.clone());
        let (request_id, unit) = (request_id(), "bed".to_owned());
        match method {
            "ListCapacities" => {
                said(self.of, places.list_capacities(ListCapacitiesRequest::default()).await, |_| ())
            }
            "ListHolds" => said(self.of, places.list_holds(ListHoldsRequest::default()).await, |_| ()),
            "GetOccupancy" => {
                let (first_date, last_date) = ("2026-01-01".to_owned(), "2026-01-02".to_owned());
                let request = GetOccupancyRequest { service_id, unit, first_date, last_date };
                said(self.of, places.get_occupancy(request).await, |_| ())
            }
            "SetCapacity" => {
                let (maximum, out_of_service) = (1, 0);
                let request = SetCapacityRequest { request_id, service_id, unit, maximum, out_of_service };
                said(self.of, places.set_capacity(request).await, |_| ())
            }
            _ => {
                let own = if how.is_empty() { "" } else { self.referral.referral_id.as_str() };
                let wish = PlaceHoldRequest { referral_id: own.to_owned(), ..hold(&[&service_id], 1) };
                said(self.of, places.place_hold(wish).await, |_| ())
            }
        }
    }

    async fn refer(&self, actor: &Actor, method: &str) -> String {
        let (mut referrals, mut stays) = (actor.referrals(), actor.admissions());
        let (referral_id, service_id) = (self.referral.referral_id.clone(), self.service.clone());
        let admission_id = self.stay.admission_id.clone();
        match method {
            "DraftReferral" => {
                let new = DraftReferralRequest { case_id: self.case.clone(), ..draft("", &[&service_id]) };
                said(self.of, referrals.draft_referral(new).await, |answer| {
                    answer.referral.iter_mut().for_each(standing);
                })
            }
            "GetReferral" => {
                let get = GetReferralRequest { referral_id };
                said(self.of, referrals.get_referral(get).await, |answer| {
                    answer.referral.iter_mut().for_each(standing);
                })
            }
            "ListReferrals" => {
                // Drafts come and go with being asked.
                let list =
                    ListReferralsRequest { open: true, page_size: 1, ..ListReferralsRequest::default() };
                said(self.of, referrals.list_referrals(list).await, |answer| {
                    answer.referrals.iter_mut().for_each(standing);
                    answer.next_page_token.clear();
                })
            }
            "ListReferralTimeline" => {
                let list =
                    ListReferralTimelineRequest { referral_id, ..ListReferralTimelineRequest::default() };
                said(self.of, referrals.list_referral_timeline(list).await, |answer| {
                    for entry in &mut answer.entries {
                        (entry.actor_id, entry.time) = (String::new(), None);
                        if entry.event == "consented" {
                            entry.detail.clear();
                        }
                    }
                })
            }
            "RequestAdmission" => {
                let (request_id, unit) = (request_id(), "bed".to_owned());
                let request = RequestAdmissionRequest { request_id, referral_id, service_id, unit };
                said(self.of, stays.request_admission(request).await, |_| ())
            }
            "HoldAdmissionPlace" => {
                let kept = actor.keeps_place(&admission_id).await;
                format!("{:?}", kept.map(|stay| stay.state()).map_err(|status| Refused::from(&status)))
            }
            "GetAdmission" => {
                let get = GetAdmissionRequest { admission_id };
                said(self.of, stays.get_admission(get).await, |answer| {
                    answer.admission.iter_mut().for_each(stands);
                })
            }
            "ListAdmissions" => {
                said(self.of, stays.list_admissions(ListAdmissionsRequest::default()).await, |answer| {
                    answer.admissions.iter_mut().for_each(stands);
                })
            }
            "ListReturnAssistances" => {
                let list = ListReturnAssistancesRequest::default();
                said(self.of, actor.shelter().list_return_assistances(list).await, |_| ())
            }
            unknown => panic!("{unknown} is not asked"),
        }
    }
}
