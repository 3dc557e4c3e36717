//! Figures of contacts: every number leads to its contacts, the parts are the whole, and nobody is recognised in what leaves.

use std::collections::{BTreeMap, BTreeSet};

use helpline_proto::intake::v1::{ActionTaken, AgeBand, Closing, Gender, RecordPastContactRequest};
use helpline_proto::reporting::v1::{
    CountContactsRequest, CountContactsResponse, Dimension, GetYearlyReportRequest, GetYearlyReportResponse,
    ListCountedContactsRequest,
};
use helpline_proto::terms::v1::Channel;
use helpline_tests::{Abilities, request_id};
use prost_types::Timestamp;
use tonic::Status;

use crate::desk::Desk;
use crate::stage::{Stage, call, closing, why};

/// A contact that was written down afterwards.
async fn past(desk: &Desk, receive_time: Timestamp, channel: Channel, closing: Closing) {
    let request = RecordPastContactRequest {
        request_id: request_id(),
        channel: channel.into(),
        receive_time: Some(receive_time),
        closing: Some(closing),
        ..RecordPastContactRequest::default()
    };
    desk.actor.contacts().record_past_contact(request).await.unwrap();
}

fn of(gender: Gender, age_band: AgeBand, categories: &[&str]) -> Closing {
    Closing {
        gender: gender.into(),
        age_band: age_band.into(),
        categories: categories.iter().map(ToString::to_string).collect(),
        action_taken: ActionTaken::Counselled.into(),
        ..closing()
    }
}

/// Seven letters about girls, three about boys, of whom one is small; a call that nobody answered, and one that waits.
async fn year(stage: &Stage) {
    let desk = stage.desk(Abilities::speaking(&["ar"])).await;
    let now: f64 = stage.value("SELECT extract(epoch FROM helpline.now())").parse().unwrap();
    #[expect(clippy::cast_possible_truncation, reason = "seconds since 1970")]
    let at = Timestamp { seconds: now as i64 - 60, nanos: 0 };
    for _ in 0..7 {
        past(
            &desk,
            at,
            Channel::Letter,
            of(Gender::Female, AgeBand::AgeBand1315, &["violence.bullying", "mental_health.self_harm"]),
        )
        .await;
    }
    for age in [AgeBand::AgeBand1315, AgeBand::AgeBand1315, AgeBand::AgeBand06] {
        past(&desk, at, Channel::WalkIn, of(Gender::Male, age, &["violence.bullying"])).await;
    }
    desk.not_ready().await;
    let gone = stage.receive(call("ar")).await;
    stage.leave(&gone).await;
    stage.receive(call("ar")).await;
}

fn this_year(stage: &Stage) -> i32 {
    stage.value("SELECT extract(year FROM helpline.now() AT TIME ZONE 'UTC')").parse().unwrap()
}

fn question(stage: &Stage, dimensions: &[Dimension]) -> CountContactsRequest {
    question_of(this_year(stage), dimensions)
}

fn question_of(year: i32, dimensions: &[Dimension]) -> CountContactsRequest {
    CountContactsRequest {
        first_date: format!("{year}-01-01"),
        last_date: format!("{year}-12-31"),
        dimensions: dimensions.iter().map(|one| i32::from(*one)).collect(),
    }
}

async fn count(stage: &Stage, dimensions: &[Dimension]) -> CountContactsResponse {
    let request = question(stage, dimensions);
    stage.supervisor.reports().count_contacts(request).await.unwrap().into_inner()
}

/// Every contact behind a cell, three of them a page.
async fn behind(stage: &Stage, dimensions: &[Dimension], cell: &[String]) -> Vec<String> {
    behind_all(stage, question(stage, dimensions), cell).await
}

async fn behind_all(stage: &Stage, asked: CountContactsRequest, cell: &[String]) -> Vec<String> {
    let mut request = ListCountedContactsRequest {
        first_date: asked.first_date,
        last_date: asked.last_date,
        dimensions: asked.dimensions,
        cell: cell.to_vec(),
        page_size: 3,
        page_token: String::new(),
    };
    let mut found = Vec::new();
    loop {
        let page =
            stage.supervisor.reports().list_counted_contacts(request.clone()).await.unwrap().into_inner();
        found.extend(page.contact_ids);
        if page.next_page_token.is_empty() {
            return found;
        }
        request.page_token = page.next_page_token;
    }
}

#[tokio::test]
async fn every_number_leads_to_its_contacts_and_the_parts_are_the_whole() {
    let stage = Stage::set().await;
    year(&stage).await;
    let all: BTreeSet<String> = stage
        .sql("SELECT contact_id FROM helpline.contacts")
        .into_iter()
        .map(|row| row[0].clone().unwrap())
        .collect();
    assert_eq!(all.len(), 12);
    let alone = Dimension::try_from;
    let tables = (1..=11).map(|number| vec![alone(number).unwrap()]);
    let several = [
        vec![Dimension::MainCategory, Dimension::Gender, Dimension::AgeBand],
        vec![Dimension::Channel, Dimension::ActionTaken, Dimension::State],
    ];
    for dimensions in tables.chain(several) {
        let counted = count(&stage, &dimensions).await;
        assert_eq!(counted.total_contacts, 12, "{dimensions:?}");
        let mut seen = Vec::new();
        for one in &counted.counts {
            let found = behind(&stage, &dimensions, &one.cell).await;
            assert_eq!(found.len(), usize::try_from(one.contacts).unwrap(), "{dimensions:?} {:?}", one.cell);
            seen.extend(found);
        }
        if dimensions == [Dimension::Category] {
            assert_eq!(seen.len(), 12 + 7, "seven have two categories");
        } else {
            assert_eq!(seen.len(), 12, "{dimensions:?}: each contact once");
        }
        assert_eq!(seen.into_iter().collect::<BTreeSet<_>>(), all, "{dimensions:?}");
    }
    let by_gender = count(&stage, &[Dimension::Gender]).await.counts;
    let by_gender: BTreeMap<_, _> =
        by_gender.iter().map(|one| (one.cell[0].as_str(), one.contacts)).collect();
    assert_eq!(by_gender, BTreeMap::from([("", 2), ("female", 7), ("male", 3)]), "also who was not answered");
    assert!(behind(&stage, &[Dimension::Gender], &["nobody".to_owned()]).await.is_empty());
    // A day belongs to the time zone of the centre.
    let months = count(&stage, &[Dimension::Month]).await.counts;
    assert_eq!(months.len(), 1);
    stage
        .world
        .change_settings(|settings| settings.hours.as_mut().unwrap().time_zone = "Asia/Almaty".to_owned())
        .await;
    assert_eq!(
        count(&stage, &[Dimension::Channel]).await.counts.iter().map(|one| one.contacts).sum::<i64>(),
        12
    );
}

#[tokio::test]
async fn what_leaves_the_centre_shows_nobody_and_adds_up() {
    let stage = Stage::set().await;
    year(&stage).await;
    let report = async |year: i32| -> Result<GetYearlyReportResponse, Status> {
        let request = GetYearlyReportRequest { year };
        Ok(stage.supervisor.reports().get_yearly_report(request).await?.into_inner())
    };
    let now = this_year(&stage);
    assert_eq!(why(report(now).await).fields, ["year"], "two days of a running year tell who came between");
    assert_eq!(why(report(1999).await).fields, ["year"]);
    stage.sql("UPDATE helpline.contacts SET received_at = received_at - interval '1 year'");
    let told = report(now - 1).await.unwrap();
    assert_eq!(told.total_contacts, 12);
    assert_eq!(told.tables.len(), 9);
    for table in &told.tables {
        let parts: i64 = table.parts.iter().map(|part| part.contacts).sum();
        assert_eq!((parts + table.pooled, table.total), (12, 12), "{table:?}");
        assert!(table.parts.iter().all(|part| part.contacts >= 5), "{table:?}");
        assert!(table.pooled == 0 || table.pooled >= 5, "{table:?}");
        for part in &table.parts {
            let asked = question_of(now - 1, &[table.dimension()]);
            let found = behind_all(&stage, asked, std::slice::from_ref(&part.key)).await;
            assert_eq!(i64::try_from(found.len()), Ok(part.contacts), "{:?} {part:?}", table.dimension());
        }
    }
    let gender = told.tables.iter().find(|table| table.dimension() == Dimension::Gender).unwrap();
    assert_eq!((gender.parts.len(), gender.pooled), (1, 5));
    // Of so few nothing is told, not even how many they are.
    stage.sql(
        "UPDATE helpline.contacts SET received_at = received_at - interval '1 year'
         WHERE contact_id IN (SELECT contact_id FROM helpline.contacts ORDER BY 1 LIMIT 4)",
    );
    let nothing = report(now - 2).await.unwrap();
    assert_eq!((nothing.tables.len(), nothing.total_contacts), (0, 0));
}

#[tokio::test]
async fn a_question_that_cannot_be_counted_names_what_is_wrong() {
    let stage = Stage::set().await;
    let good = question(&stage, &[Dimension::Channel]);
    let ask = async |request: CountContactsRequest| {
        why(stage.supervisor.reports().count_contacts(request).await).fields
    };
    let twice = vec![i32::from(Dimension::Channel); 2];
    assert_eq!(ask(CountContactsRequest { dimensions: twice, ..good.clone() }).await, ["dimensions[1]"]);
    assert_eq!(
        ask(CountContactsRequest { dimensions: vec![1, 2, 3, 4], ..good.clone() }).await,
        ["dimensions"]
    );
    assert_eq!(ask(CountContactsRequest { dimensions: Vec::new(), ..good.clone() }).await, ["dimensions"]);
    assert_eq!(
        ask(CountContactsRequest { last_date: "1999-01-01".to_owned(), ..good.clone() }).await,
        ["last_date"]
    );
    assert_eq!(
        ask(CountContactsRequest { first_date: "2019-01-01".to_owned(), ..good.clone() }).await,
        ["last_date"]
    );
    let short = ListCountedContactsRequest {
        first_date: good.first_date,
        last_date: good.last_date,
        dimensions: vec![1],
        ..ListCountedContactsRequest::default()
    };
    assert_eq!(why(stage.supervisor.reports().list_counted_contacts(short).await).fields, ["cell"]);
}
