//! What the server's role may not do at all, and what no role may do to a row.

use helpline_tests::World;

use super::{FORBIDDEN, Session, fill, two_centres};

/// A rule of the table was broken.
const CHECK: &str = "23514";
/// Something is there twice.
const UNIQUE: &str = "23505";

/// One value, as text.
fn value(world: &World, sql: &str) -> String {
    world.database.query(sql).unwrap()[0][0].clone().unwrap()
}

#[tokio::test]
async fn the_servers_role_owns_nothing_and_is_nobody_else() {
    let world = World::start().await;
    let role = "(SELECT oid FROM pg_roles WHERE rolname = 'helpline_server')";
    for (catalogue, owner) in [
        ("pg_class", "relowner"),
        ("pg_proc", "proowner"),
        ("pg_namespace", "nspowner"),
        ("pg_type", "typowner"),
        ("pg_database", "datdba"),
    ] {
        let sql = format!("SELECT count(*) FROM {catalogue} WHERE {owner} = {role}");
        assert_eq!(value(&world, &sql), "0", "{catalogue}");
    }
    let sql = "SELECT rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication
               FROM pg_roles WHERE rolname = 'helpline_server'";
    assert_eq!(value(&world, sql), "f");
    assert_eq!(value(&world, &format!("SELECT count(*) FROM pg_auth_members WHERE member = {role}")), "0");
}

#[tokio::test]
async fn the_servers_role_cannot_open_the_door_it_stands_behind() {
    let (world, ours, theirs) = Box::pin(two_centres()).await;
    let mut session = Session::of(&world, ours).await;
    for forbidden in [
        "SET ROLE postgres",
        "SET SESSION AUTHORIZATION postgres",
        "ALTER ROLE helpline_server BYPASSRLS",
        "ALTER ROLE helpline_server SUPERUSER",
        "ALTER TABLE helpline.contacts DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE helpline.contacts NO FORCE ROW LEVEL SECURITY",
        "ALTER TABLE helpline.contacts DISABLE TRIGGER ALL",
        "SET session_replication_role = replica",
        "CREATE POLICY mine ON helpline.contacts USING (true)",
        "DROP POLICY centre_only ON helpline.contacts",
        "CREATE TABLE helpline.mine (x int)",
        "CREATE FUNCTION helpline.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE OR REPLACE FUNCTION helpline.centre() RETURNS uuid LANGUAGE sql AS 'SELECT NULL::uuid'",
        "CREATE OR REPLACE FUNCTION helpline.now() RETURNS timestamptz LANGUAGE sql AS 'SELECT now()'",
        "SELECT helpline.isolate('helpline.contacts')",
        "TRUNCATE helpline.contacts CASCADE",
        "DROP TABLE helpline.contacts CASCADE",
        // The clock of the deadlines.
        "UPDATE helpline.clock SET moved = interval '1 hour'",
        "INSERT INTO helpline.clock VALUES (true, interval '1 hour')",
        "DELETE FROM helpline.clock",
        // What is said to be never changed and never removed.
        "UPDATE helpline.journal SET event = 'nothing'",
        "DELETE FROM helpline.journal",
        "UPDATE helpline.messages SET sequence = sequence + 1000",
        "DELETE FROM helpline.messages",
        "UPDATE helpline.requests SET at = at",
        "UPDATE helpline.settings SET version = version + 1000",
        "DELETE FROM helpline.settings",
        "DELETE FROM helpline.contacts",
        "DELETE FROM helpline.offers",
        "DELETE FROM helpline.callbacks",
        "DELETE FROM helpline.escalations",
        "UPDATE helpline.escalation_events SET event = 'nothing'",
        "DELETE FROM helpline.escalation_events",
        "UPDATE helpline.escalation_locations SET source = 'said'",
        "DELETE FROM helpline.deliveries",
        "DELETE FROM helpline.child_alerts",
        "DELETE FROM helpline.child_alert_recipients",
        "DELETE FROM helpline.admissions",
        "DELETE FROM helpline.services",
        "DELETE FROM helpline.service_directories",
        "DELETE FROM helpline.blocks",
        "DELETE FROM helpline.participations",
        "DELETE FROM helpline.tokens",
        "DELETE FROM helpline.counsellors",
        "DELETE FROM helpline.presences",
        "INSERT INTO helpline.centres (centre_id, name) VALUES (gen_random_uuid(), 'mine')",
        "DELETE FROM helpline.centres",
        "UPDATE helpline.centres SET name = 'mine'",
        "UPDATE helpline._migrations SET version = 0",
        "COPY helpline.contacts TO PROGRAM 'cat'",
        "SELECT pg_read_file('pg_hba.conf')",
        "ALTER SYSTEM SET log_statement = 'all'",
    ] {
        match session.run(forbidden).await {
            Err((code, _)) => assert_eq!(code, FORBIDDEN, "{forbidden}"),
            Ok(_) => panic!("{forbidden} was allowed"),
        }
    }
    // To switch the policies off makes questions fail, it does not answer them.
    session.run("SET row_security = off").await.unwrap();
    assert_eq!(session.number("SELECT count(*) FROM helpline.contacts").await.unwrap_err().0, FORBIDDEN);
    session.run("SET row_security = on").await.unwrap();
    // A function that somebody leaks through is refused by the policy first.
    session
        .run("CREATE FUNCTION pg_temp.leak(uuid) RETURNS bool LANGUAGE plpgsql COST 0.0000001 AS
              $$ BEGIN RAISE NOTICE '%', $1; PERFORM set_config('mine.seen', $1::text, false); RETURN true; END $$")
        .await
        .unwrap();
    session.run("SELECT 1 FROM helpline.contacts WHERE pg_temp.leak(centre_id)").await.unwrap();
    let foreign = format!("SELECT count(*) WHERE current_setting('mine.seen', true) = '{theirs}'");
    assert_eq!(session.number(&foreign).await.unwrap_or(0), 0);
}

#[tokio::test]
async fn the_doors_through_isolation_are_known_and_tell_ids_alone() {
    let world = World::start().await;
    let sql =
        "SELECT proname FROM pg_proc WHERE pronamespace = 'helpline'::regnamespace AND prosecdef ORDER BY 1";
    let doors: Vec<_> =
        world.database.query(sql).unwrap().into_iter().map(|row| row[0].clone().unwrap()).collect();
    // The plural tells of a hash what the singular tells: whose it is, to who has the secret it was made of. So does the
    // one for links: which agency and which escalation or referral it is for.
    let known = ["authenticate", "authenticate_all", "authenticate_link", "centre_ids", "tail"];
    assert_eq!(doors, known, "a new one needs a thought and a line here");
    // Each runs with a search path that nobody can put something in front of, and nobody but the server may use it.
    let sql = "SELECT proname FROM pg_proc WHERE pronamespace = 'helpline'::regnamespace AND prosecdef
               AND (NOT coalesce(proconfig, '{}') && ARRAY['search_path=pg_catalog']
                    OR has_function_privilege('public', oid, 'EXECUTE'))";
    assert!(world.database.query(sql).unwrap().is_empty());
}

/// A centre with a closed contact, an offered one, and their counsellor; and a session of it.
async fn at_work() -> (World, Session) {
    let world = World::start().await;
    Box::pin(fill(&world, &world.centre)).await;
    let session = Session::of(&world, world.centre.id).await;
    (world, session)
}

#[tokio::test]
async fn a_final_state_cannot_be_left() {
    let (world, mut session) = Box::pin(at_work()).await;
    let closed = "WHERE state = 'closed'";
    assert!(session.number(&format!("SELECT count(*) FROM helpline.contacts {closed}")).await.unwrap() > 0);
    for state in ["waiting", "in_progress", "wrap_up", "abandoned"] {
        let (code, name) = session
            .run(&format!("UPDATE helpline.contacts SET state = '{state}' {closed}"))
            .await
            .unwrap_err();
        assert_eq!((code.as_str(), name.as_str()), (CHECK, "final_state_cannot_be_left"), "to {state}");
    }
    let ended = "UPDATE helpline.offers SET state = 'open', ended_at = NULL WHERE state = 'accepted'";
    assert_eq!(
        session.run(ended).await.unwrap_err(),
        (CHECK.to_owned(), "final_state_cannot_be_left".to_owned())
    );
    let over =
        "UPDATE helpline.participations SET state = 'joined', ended_at = NULL WHERE state = 'withdrawn'";
    assert_eq!(
        session.run(over).await.unwrap_err(),
        (CHECK.to_owned(), "final_state_cannot_be_left".to_owned())
    );
    // Not even the owner can.
    let owner = world.database.query("UPDATE helpline.contacts SET state = 'waiting' WHERE state = 'closed'");
    assert_eq!(owner.unwrap_err().sql_state(), Some(CHECK));
}

#[tokio::test]
async fn a_contact_has_one_open_group_of_offers_at_most_and_a_state_that_agrees_with_it() {
    let (_world, mut session) = Box::pin(at_work()).await;
    for (group, counsellor, constraint) in [
        ("fresh.id", "gen_random_uuid()", "offers_one_open_group_per_contact"),
        ("group_id", "counsellor_id", "offers_one_open_per_counsellor"),
    ] {
        let second = format!(
            "INSERT INTO helpline.offers (centre_id, offer_id, contact_id, counsellor_id, group_id, state, offered_at, expires_at, explanation)
             SELECT centre_id, fresh.id, contact_id, {counsellor}, {group}, 'open', offered_at, expires_at, explanation
             FROM helpline.offers CROSS JOIN (SELECT gen_random_uuid() AS id) AS fresh WHERE state = 'open'"
        );
        assert_eq!(session.run(&second).await.unwrap_err(), (UNIQUE.to_owned(), constraint.to_owned()));
    }
    for (change, constraint) in [
        ("state = 'waiting'", "held_by_who_has_it"),
        ("holder_id = gen_random_uuid()", "held_by_who_has_it"),
        ("offer_id = NULL", "held_by_who_has_it"),
        ("open_offers = '{}'", "offered_by_open_offers"),
        ("state = 'waiting', offer_id = NULL", "offered_by_open_offers"),
        ("state = 'in_progress', offer_id = NULL, counsellor_id = NULL", "held_by_who_has_it"),
        ("state = 'abandoned', offer_id = NULL, open_offers = '{}'", "final_has_an_end"),
        ("state = 'closed', offer_id = NULL, open_offers = '{}', ended_at = now()", "closed_has_a_closing"),
    ] {
        let sql = format!("UPDATE helpline.contacts SET {change} WHERE state = 'offered'");
        assert_eq!(
            session.run(&sql).await.unwrap_err(),
            (CHECK.to_owned(), constraint.to_owned()),
            "{change}"
        );
    }
    let unended = "UPDATE helpline.offers SET state = 'expired' WHERE state = 'open'";
    assert_eq!(session.run(unended).await.unwrap_err(), (CHECK.to_owned(), "ended_has_an_end".to_owned()));
}

#[tokio::test]
async fn nobody_holds_more_than_they_can() {
    let (_world, mut session) = Box::pin(at_work()).await;
    for (change, constraint) in [
        ("held_chat = -1", "held_within_bounds"),
        ("held_voice = 2", "held_within_maximum"),
        ("held_chat = 11", "held_within_maximum"),
        ("held_message = 51", "held_within_maximum"),
        ("held_voice = 1, held_chat = 1", "voice_excludes_everything"),
        ("max_chat = 1, held_chat = 2", "held_within_maximum"),
        ("max_voice = 0, held_chat = 0, held_voice = 1", "held_within_maximum"),
        ("missed_offers = -1", "presences_missed_offers_check"),
        ("state = 'not_ready'", "reason_only_when_not_ready"),
        ("max_chat = 11", "presences_max_chat_check"),
    ] {
        let (code, name) = session.run(&format!("UPDATE helpline.presences SET {change}")).await.unwrap_err();
        assert_eq!((code.as_str(), name.as_str()), (CHECK, constraint), "{change}");
    }
}

#[tokio::test]
async fn what_must_be_once_is_once() {
    let (_world, mut session) = Box::pin(at_work()).await;
    for (table, columns, changed, constraint) in [
        (
            "messages",
            "centre_id, contact_id, sequence, message_id, author, text_sealed, sent_at",
            "centre_id, contact_id, sequence + 1, message_id, author, text_sealed, sent_at",
            "messages_id_unique",
        ),
        (
            "requests",
            "centre_id, caller_id, method, request_id, command_hash, resource_id, revision, at",
            "centre_id, caller_id, method, request_id, command_hash, gen_random_uuid(), revision, at",
            "requests_unique",
        ),
        (
            "tokens",
            "centre_id, token_id, hash, role, counsellor_id, label, expires_at",
            "centre_id, gen_random_uuid(), hash, role, counsellor_id, label, expires_at",
            "tokens_hash_unique",
        ),
        (
            "settings",
            "centre_id, version, settings, published_by",
            "centre_id, version, settings, published_by",
            "settings_pkey",
        ),
    ] {
        let sql = format!(
            "INSERT INTO helpline.{table} ({columns}) SELECT {changed} FROM helpline.{table} LIMIT 1"
        );
        assert_eq!(
            session.run(&sql).await.unwrap_err(),
            (UNIQUE.to_owned(), constraint.to_owned()),
            "{table}"
        );
    }
}
