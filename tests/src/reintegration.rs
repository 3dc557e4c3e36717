//! Children who come back together.

use helpline_proto::casework::v1::PersonProfile;
use helpline_proto::reintegration::v1::{
    AnnounceReturneesRequest, AnnouncedChild, CloseReturneeRequest, Cohort, CreateCohortRequest,
    GetCohortRequest, GetReturneeRequest, GetScorecardRequest, GrantCohortRequest, ListReturneesRequest,
    NotArrivedReason, RecordReturneeArrivalRequest, RecordReturneeNotArrivedRequest, RescheduleCohortRequest,
    RescheduleReturneeRequest, Returnee, RevokeCohortRequest, Scorecard, SettleReturneeRequest,
    StartFirstRehabilitationRequest, StartReturneeMonitoringRequest,
};
use prost_types::Timestamp;
use tonic::Status;

use crate::casework::profile;
use crate::{Actor, request_id};

/// Creates a cohort.
pub fn create(expected_time: Timestamp) -> CreateCohortRequest {
    CreateCohortRequest {
        request_id: request_id(),
        display_name: "The spring flight".to_owned(),
        expected_time: Some(expected_time),
    }
}

/// A child of a family, under a key of a list and with a telephone of their own.
pub fn child(list_key: &str, family_key: &str) -> AnnouncedChild {
    let profile = PersonProfile { languages: vec!["ar".to_owned()], ..profile(list_key, list_key) };
    AnnouncedChild {
        list_key: list_key.to_owned(),
        family_key: family_key.to_owned(),
        profile: Some(profile),
        expected_time: None,
    }
}

/// Announces these.
pub fn announce(cohort_id: &str, children: Vec<AnnouncedChild>) -> AnnounceReturneesRequest {
    AnnounceReturneesRequest { request_id: request_id(), cohort_id: cohort_id.to_owned(), children }
}

/// Grants a cohort.
pub fn grant(cohort_id: &str, counsellor_id: &str) -> GrantCohortRequest {
    GrantCohortRequest {
        request_id: request_id(),
        cohort_id: cohort_id.to_owned(),
        counsellor_id: counsellor_id.to_owned(),
    }
}

/// Takes a grant back.
pub fn revoke(cohort_id: &str, counsellor_id: &str) -> RevokeCohortRequest {
    RevokeCohortRequest {
        request_id: request_id(),
        cohort_id: cohort_id.to_owned(),
        counsellor_id: counsellor_id.to_owned(),
    }
}

/// Expects all who are announced then.
pub fn reschedule_cohort(cohort_id: &str, expected_time: Timestamp) -> RescheduleCohortRequest {
    RescheduleCohortRequest {
        request_id: request_id(),
        cohort_id: cohort_id.to_owned(),
        expected_time: Some(expected_time),
    }
}

/// Builders of requests that say little but which child they are about.
macro_rules! requests {
    ($($(#[$doc:meta])* $name:ident($($given:ident: $type:ty),*): $request:ident { $($field:ident: $value:expr),* };)+) => {
        $($(#[$doc])* pub fn $name(returnee_id: &str $(, $given: $type)*) -> $request {
            $request {
                request_id: request_id(),
                returnee_id: returnee_id.to_owned(),
                $($field: $value,)*
                expected_revision: 0,
            }
        })+
    };
}

requests!(
    /// Expects a child then.
    reschedule(at: Timestamp): RescheduleReturneeRequest { expected_time: Some(at) };
    /// The child is here.
    arrive(): RecordReturneeArrivalRequest {};
    /// The child does not come.
    absent(): RecordReturneeNotArrivedRequest { reason: NotArrivedReason::WentElsewhere.into() };
    /// The first rehabilitation begins.
    rehabilitate(): StartFirstRehabilitationRequest {};
    /// The child lives in the north.
    settle(): SettleReturneeRequest { region: "north".to_owned() };
    /// The child is followed.
    monitor(): StartReturneeMonitoringRequest {};
    /// The child is at home.
    close(): CloseReturneeRequest {};
);

/// Methods of actors that take a step and return how the child stands.
macro_rules! steps {
    ($($(#[$doc:meta])* $name:ident: $rpc:ident($request:ident);)+) => {
        impl Actor {
            $($(#[$doc])*
            ///
            /// # Errors
            /// What was refused.
            pub async fn $name(&self, request: $request) -> Result<Returnee, Status> {
                Ok(self.cohorts().$rpc(request).await?.into_inner().returnee.expect("the child"))
            })+
        }
    };
}

steps!(
    /// Expects a child at another time.
    reschedule_returnee: reschedule_returnee(RescheduleReturneeRequest);
    /// Records an arrival.
    returnee_arrives: record_returnee_arrival(RecordReturneeArrivalRequest);
    /// Says that a child does not come.
    returnee_does_not_come: record_returnee_not_arrived(RecordReturneeNotArrivedRequest);
    /// Begins the first rehabilitation.
    rehabilitate_returnee: start_first_rehabilitation(StartFirstRehabilitationRequest);
    /// Settles a child.
    settle_returnee: settle_returnee(SettleReturneeRequest);
    /// Begins monitoring.
    monitor_returnee: start_returnee_monitoring(StartReturneeMonitoringRequest);
    /// Ends it.
    close_returnee: close_returnee(CloseReturneeRequest);
);

impl Actor {
    /// Creates a cohort.
    pub async fn create_cohort(&self, expected_time: Timestamp) -> Cohort {
        let answer = self.cohorts().create_cohort(create(expected_time)).await;
        answer.expect("a cohort").into_inner().cohort.expect("the cohort")
    }

    /// A cohort.
    ///
    /// # Errors
    /// What was refused.
    pub async fn cohort(&self, cohort_id: &str) -> Result<Cohort, Status> {
        let request = GetCohortRequest { cohort_id: cohort_id.to_owned() };
        Ok(self.cohorts().get_cohort(request).await?.into_inner().cohort.expect("the cohort"))
    }

    /// Announces children.
    ///
    /// # Errors
    /// What was refused.
    pub async fn announce(&self, request: AnnounceReturneesRequest) -> Result<Vec<Returnee>, Status> {
        Ok(self.cohorts().announce_returnees(request).await?.into_inner().returnees)
    }

    /// How a child stands.
    ///
    /// # Errors
    /// What was refused.
    pub async fn returnee(&self, returnee_id: &str) -> Result<Returnee, Status> {
        let request = GetReturneeRequest { returnee_id: returnee_id.to_owned() };
        Ok(self.cohorts().get_returnee(request).await?.into_inner().returnee.expect("the child"))
    }

    /// The children of a cohort.
    ///
    /// # Errors
    /// What was refused.
    pub async fn returnees(&self, cohort_id: &str) -> Result<Vec<Returnee>, Status> {
        let request =
            ListReturneesRequest { cohort_id: cohort_id.to_owned(), ..ListReturneesRequest::default() };
        Ok(self.cohorts().list_returnees(request).await?.into_inner().returnees)
    }

    /// How they fare.
    ///
    /// # Errors
    /// What was refused.
    pub async fn scorecard(&self, cohort_id: &str) -> Result<Scorecard, Status> {
        let request = GetScorecardRequest { cohort_id: cohort_id.to_owned() };
        Ok(self.cohorts().get_scorecard(request).await?.into_inner().scorecard.expect("the scorecard"))
    }
}
