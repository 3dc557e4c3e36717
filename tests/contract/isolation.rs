//! What the database itself refuses, whatever the server would ask of it: these tests are the server's role with nothing
//! in between.

mod casework;
mod crossborder;
mod emergency;
mod migrants;
mod referral;
mod reintegration;
mod rules;
mod school;
mod shelter;

use std::collections::BTreeMap;

use helpline_domain::caller::Role;
use helpline_domain::id::CentreId;
use helpline_proto::directory::v1::{GetSettingsRequest, Hours, PublishSettingsRequest, Queue, Settings};
use helpline_proto::escalation::v1::{
    Danger, EscalationKind, Location, LocationSource, RaiseEscalationRequest,
};
use helpline_proto::intake::v1::{BlockReason, BlockSenderRequest, SendMessageRequest};
use helpline_proto::queueing::v1::{
    DiversionEnd, DivertQueueRequest, OfferHandoverRequest, PromiseCallbackRequest,
};
use helpline_proto::terms::v1::Channel;
use helpline_tests::{Actor, Centre, World, request_id, until};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use crate::stage::{self, abilities, healthy, new_language};

/// A session as the server's role.
struct Session(PgConnection);

/// Why the database refused: SQLSTATE and, where one stood in the way, the constraint.
type Why = (String, String);

impl Session {
    /// A new session that has not said for which centre it asks.
    async fn new(world: &World) -> Self {
        let url = world.config().database.url.expose();
        Self(PgConnection::connect(url).await.expect("a session as the server"))
    }

    /// A session that asks for a centre.
    async fn of(world: &World, centre: CentreId) -> Self {
        let mut session = Self::new(world).await;
        session.run(&format!("SET helpline.centre = '{centre}'")).await.unwrap();
        session
    }

    /// Runs SQL; how many rows it touched.
    async fn run(&mut self, sql: &str) -> Result<u64, Why> {
        let done = sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut self.0).await;
        done.map(|done| done.rows_affected()).map_err(|error| why(&error))
    }

    /// One number.
    async fn number(&mut self, sql: &str) -> Result<i64, Why> {
        let found = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&mut self.0).await;
        found.map_err(|error| why(&error))
    }
}

fn why(error: &sqlx::Error) -> Why {
    let error = error.as_database_error().expect("an error of the database");
    (error.code().unwrap_or_default().into_owned(), error.constraint().unwrap_or_default().to_owned())
}

/// Not allowed to: for want of a privilege, or by the policy of the row.
const FORBIDDEN: &str = "42501";

/// Fills every table for a centre, overflows included: a closed contact with a message, to which somebody was invited, an open offer, an alert,
/// at whose look the floor is sampled too, a contact that nobody can take, a queue that has opened and is diverted, and a
/// hand-over.
async fn fill(world: &World, centre: &Centre) {
    let language = new_language();
    let counsellor = world.counsellor_of(centre, abilities(&language)).await;
    let adapter = world.bearer(centre.id, Role::ChannelAdapter, None).await;
    let offer = stage::offer(&adapter, &counsellor, &language).await;
    let contact = stage::accept(&counsellor, &offer).await;
    let message = SendMessageRequest {
        request_id: request_id(),
        contact_id: contact.contact_id.clone(),
        message_id: request_id(),
        text: "hello".to_owned(),
    };
    adapter.messages().send_message(message).await.unwrap();
    let guest = world.counsellor_of(centre, abilities(&new_language())).await;
    stage::go_ready(&guest).await;
    stage::invite(&counsellor, &contact.contact_id, &guest).await;
    stage::complete(&counsellor, &contact.contact_id).await;
    stage::offer(&adapter, &counsellor, &language).await;
    // Last, or its work would be offered instead.
    let promise = PromiseCallbackRequest {
        request_id: request_id(),
        contact_id: contact.contact_id.clone(),
        channel: Channel::Voice.into(),
        number: "+97455550100".to_owned(),
        // Not while the counsellor is still needed here.
        due_time: contact
            .receive_time
            .map(|time| prost_types::Timestamp { seconds: time.seconds + 3600, ..time }),
        ..PromiseCallbackRequest::default()
    };
    counsellor.callbacks().promise_callback(promise).await.unwrap();
    let supervisor = world.bearer(centre.id, Role::Supervisor, None).await;
    let (_, alone) = stage::alert_seen_by(&supervisor, &adapter).await;
    stage::all_clear(&supervisor, &adapter, alone).await;
    stage::receive(&adapter, &new_language()).await;
    Box::pin(open_a_queue(world, centre)).await;
    let partner = world.another_centre().await;
    stage::ask_for_overflow(world, centre, &partner, &supervisor, &adapter).await;
    let divert = DivertQueueRequest {
        request_id: request_id(),
        queue: "night".to_owned(),
        to_counsellor_id: counsellor.counsellor_id.clone(),
        end_time: Some(world.soon()),
        reason: "A power cut".to_owned(),
        on_end: DiversionEnd::Leave.into(),
        ..DivertQueueRequest::default()
    };
    supervisor.switchboard().divert_queue(divert).await.unwrap();
    emergency::decide(world, centre, &counsellor, &supervisor).await;
    let block = BlockSenderRequest {
        request_id: request_id(),
        sender: new_language(),
        reason: BlockReason::Prank.into(),
        ..BlockSenderRequest::default()
    };
    supervisor.blocks().block_sender(block).await.unwrap();
    let handover = OfferHandoverRequest { request_id: request_id(), ..OfferHandoverRequest::default() };
    counsellor.handover().offer_handover(handover).await.unwrap();
    let escalation_id = escalate(&supervisor, &contact.contact_id).await;
    emergency::search(world, centre, &supervisor, &escalation_id).await;
    referral::refer(world, centre, &supervisor, &contact.contact_id).await;
    casework::open_case(world, &supervisor, &counsellor, &contact.contact_id).await;
    shelter::take_in(world, centre, &supervisor, &contact.contact_id).await;
    crossborder::hand_over(world, centre, &supervisor).await;
    Box::pin(school::report(&adapter, &supervisor, &contact.contact_id)).await;
    reintegration::announce_children(&supervisor, &counsellor).await;
    migrants::protect(world, centre, &supervisor).await;
}

/// An escalation of a contact; its id.
async fn escalate(supervisor: &Actor, contact_id: &str) -> String {
    let raise = RaiseEscalationRequest {
        request_id: request_id(),
        kind: EscalationKind::Emergency.into(),
        contact_id: contact_id.to_owned(),
        danger: Danger::Missing.into(),
        location: Some(Location {
            place: "At the bridge".to_owned(),
            source: LocationSource::Said.into(),
            ..Location::default()
        }),
        ..RaiseEscalationRequest::default()
    };
    let raised = supervisor.escalations().raise_escalation(raise).await.unwrap().into_inner();
    raised.escalation.unwrap().escalation_id
}

/// Gives the centre opening hours, and waits until its queue was seen open.
async fn open_a_queue(world: &World, centre: &Centre) {
    let mut client = centre.administrator.centre();
    let answer = client.get_settings(GetSettingsRequest::default()).await.unwrap().into_inner();
    let hours = Hours { opening_hours: "24/7".to_owned(), ..Hours::default() };
    let mut settings = Settings { hours: Some(hours), ..answer.settings.unwrap() };
    settings.queues.push(Queue { queue: "night".to_owned(), ..Queue::default() });
    let request =
        PublishSettingsRequest { request_id: request_id(), settings: Some(settings), expected_version: 0 };
    client.publish_settings(request).await.unwrap();
    let sql = format!("SELECT count(*) FROM helpline.queue_openings WHERE centre_id = '{}'", centre.id);
    until("the clock is looked at", async || {
        (world.database.query(&sql).unwrap()[0][0].as_deref() == Some("2")).then_some(())
    })
    .await;
}

/// A world with two centres of which each has rows in every table. Its server is stopped: offers that ring out and clients
/// that are lost would change what is counted.
async fn two_centres() -> (World, CentreId, CentreId) {
    let mut world = World::start().await;
    let other = world.another_centre().await;
    tokio::join!(fill(&world, &world.centre), fill(&world, &other));
    assert!(world.stop_servers().await);
    let ids = (world.centre.id, other.id);
    (world, ids.0, ids.1)
}

/// The tables that belong to centres, each with its number of rows of a centre. Every table must be one of them, or be
/// known to hold nothing of anybody.
fn tables(world: &World, centre: CentreId) -> BTreeMap<String, i64> {
    const OF_NOBODY: [&str; 2] = ["clock", "_migrations"];
    let sql = "SELECT relname FROM pg_class WHERE relnamespace = 'helpline'::regnamespace AND relkind IN ('r', 'p', 'm', 'v')";
    let found = world.database.query(sql).unwrap();
    let names = found.into_iter().map(|row| row[0].clone().unwrap());
    let owned = names.filter(|name| !OF_NOBODY.contains(&name.as_str()));
    owned
        .map(|name| {
            let sql = format!("SELECT count(*) FROM helpline.{name} WHERE centre_id = '{centre}'");
            let rows = world.database.query(&sql).expect("every table says whose its rows are");
            (name, rows[0][0].as_ref().unwrap().parse().unwrap())
        })
        .collect()
}

#[tokio::test]
async fn without_a_centre_no_row_of_any_table_is_visible() {
    let (world, centre, _) = Box::pin(two_centres()).await;
    for (table, rows) in tables(&world, centre) {
        assert!(rows > 0, "{table} is empty: this test would prove nothing");
        for setting in ["", "RESET helpline.centre;", "SET helpline.centre = '';"] {
            let mut session = Session::new(&world).await;
            session.run(setting).await.unwrap();
            let seen = session.number(&format!("SELECT count(*) FROM helpline.{table}")).await;
            assert_eq!(seen, Ok(0), "{table} after {setting:?}");
            if let Ok(touched) =
                session.run(&format!("UPDATE helpline.{table} SET centre_id = centre_id")).await
            {
                assert_eq!(touched, 0, "{table}");
            }
        }
    }
}

#[tokio::test]
async fn with_a_centre_no_row_of_another_can_be_read_written_or_given_away() {
    let (mut world, ours, theirs) = Box::pin(two_centres()).await;
    let mut session = Session::of(&world, ours).await;
    for (table, rows) in tables(&world, ours) {
        let theirs_before = tables(&world, theirs)[&table];
        assert!(rows > 0 && theirs_before > 0, "{table} is empty: this test would prove nothing");
        let count = format!("SELECT count(*) FROM helpline.{table}");
        let foreign = format!("SELECT count(*) FROM helpline.{table} WHERE centre_id <> '{ours}'");
        assert!(session.number(&count).await.unwrap() > 0, "{table}: one's own rows are there");
        assert_eq!(session.number(&foreign).await, Ok(0), "{table}");

        // A row of theirs, word for word, cannot be written again, nor one of ours be made theirs.
        let row = world
            .database
            .query(&format!(
                "SELECT row_to_json(t) FROM helpline.{table} t WHERE centre_id = '{theirs}' LIMIT 1"
            ))
            .unwrap()[0][0]
            .clone()
            .unwrap()
            .replace('\'', "''");
        let columns = format!(
            "SELECT string_agg(quote_ident(column_name), ', ') FROM information_schema.columns
             WHERE table_schema = 'helpline' AND table_name = '{table}' AND is_generated = 'NEVER'"
        );
        let columns = world.database.query(&columns).unwrap()[0][0].clone().unwrap();
        let insert = format!(
            "INSERT INTO helpline.{table} ({columns}) OVERRIDING SYSTEM VALUE
             SELECT {columns} FROM json_populate_record(NULL::helpline.{table}, '{row}')"
        );
        assert_eq!(session.run(&insert).await.unwrap_err().0, FORBIDDEN, "{table}");
        let give_away = format!("UPDATE helpline.{table} SET centre_id = '{theirs}'");
        assert_eq!(session.run(&give_away).await.unwrap_err().0, FORBIDDEN, "{table}");
        for change in [
            format!("UPDATE helpline.{table} SET centre_id = '{ours}' WHERE centre_id = '{theirs}'"),
            format!("DELETE FROM helpline.{table} WHERE centre_id = '{theirs}'"),
        ] {
            match session.run(&change).await {
                Ok(touched) => assert_eq!(touched, 0, "{change}"),
                Err((code, _)) => assert_eq!(code, FORBIDDEN, "{change}"),
            }
        }
        assert_eq!(tables(&world, theirs)[&table], theirs_before, "{table}");
    }
    world.start_again().await;
    healthy(&world).await;
}

#[tokio::test]
async fn every_table_is_isolated_for_its_owner_too() {
    let world = World::start().await;
    let sql =
        "SELECT relname FROM pg_class WHERE relnamespace = 'helpline'::regnamespace AND relkind IN ('r', 'p')
               AND relname NOT IN ('clock', '_migrations') AND NOT (relrowsecurity AND relforcerowsecurity)";
    assert_eq!(world.database.query(sql).unwrap(), Vec::<Vec<Option<String>>>::new());
    // Without a policy of its own, a role sees nothing: there is one for the server and one for the owner, no more.
    let sql = "SELECT tablename, policyname, roles::text FROM pg_policies WHERE schemaname = 'helpline'
               AND policyname NOT IN ('centre_only', 'owner_all')";
    assert_eq!(world.database.query(sql).unwrap(), Vec::<Vec<Option<String>>>::new());
    let sql = "SELECT count(*) FROM pg_policies WHERE schemaname = 'helpline' AND policyname = 'centre_only'
               AND roles <> ARRAY['helpline_server'::name]";
    assert_eq!(world.database.query(sql).unwrap()[0][0].as_deref(), Some("0"));
}
