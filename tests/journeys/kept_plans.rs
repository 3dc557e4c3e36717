//! Plans are made once per connection, perhaps when nobody has called yet: what is over must not be read again for ever.

use crate::stage::{Stage, call, until};
use helpline_tests::Abilities;

/// Contacts that are over.
const OVER: i64 = 3000;
/// Contacts that follow them: so many that what each reads is told from what is read every few seconds for the figures of
/// the day.
const FOLLOW: i64 = 12;
/// How often a contact's row is changed from its offer to its sign-off.
const CHANGES: i64 = 3;

/// What the database counted of contacts: rows that were changed, and entries of indexes that were read.
fn counted(stage: &Stage) -> (i64, i64) {
    let number = |sql: &str| stage.value(sql).parse::<i64>().unwrap();
    (
        number("SELECT n_tup_upd FROM pg_stat_user_tables WHERE relid = 'helpline.contacts'::regclass"),
        number(
            "SELECT sum(idx_tup_read)::bigint FROM pg_stat_user_indexes WHERE relid = 'helpline.contacts'::regclass",
        ),
    )
}

#[tokio::test]
async fn slow_no_step_of_a_contact_reads_those_that_are_over() {
    let stage = Stage::set().await;
    stage.sql("ALTER TABLE helpline.contacts SET (autovacuum_enabled = off)");
    let amina = stage.desk(Abilities::speaking(&["en"])).await;
    let begun = counted(&stage).0;
    let mut done = 0;
    let mut serve = async |contacts: i64| {
        for _ in 0..contacts {
            let contact = stage.receive(call("en")).await;
            let offer = amina.offered(&contact).await;
            amina.accept(&offer).await;
            amina.complete(&contact).await;
            done += CHANGES;
        }
        // A connection tells what it did when it has been idle for a while.
        until("the database has counted", async || (counted(&stage).0 >= begun + done).then_some(())).await;
        counted(&stage).1
    };
    let before = serve(1).await;
    stage.sql(&format!(
        "INSERT INTO helpline.contacts (centre_id, contact_id, channel, medium, state, risk, class, queue, signature,
             received_at, deadline_at, ended_at, settings_version, closing)
         SELECT centre_id, gen_random_uuid(), channel, medium, state, risk, class, queue, signature,
             received_at, deadline_at, ended_at, settings_version, closing
         FROM helpline.contacts CROSS JOIN generate_series(1, {OVER}) WHERE state = 'closed'"
    ));
    let entries = serve(FOLLOW).await - before;
    let most = stage.value(
        "SELECT indexrelname || ' ' || idx_scan || ' ' || idx_tup_read FROM pg_stat_user_indexes
         WHERE relid = 'helpline.contacts'::regclass ORDER BY idx_tup_read DESC LIMIT 1",
    );
    assert!(
        entries < FOLLOW * OVER,
        "{FOLLOW} contacts more, and {entries} entries of indexes were read, most of {most}"
    );
}
