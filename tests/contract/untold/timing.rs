//! Nor is it told by the time of an answer.

use helpline_proto::{Method, Role};
use helpline_tests::timing::{BESIDE, compare, told_apart};
use prost::Message as _;

use super::scene::{Ids, Scene};
use super::{RECORDS, answer, asked, by_name, nobody};

/// How often each method is asked about each.
const ROUNDS: usize = 60;

/// Who asks with ids of a child and with ids that nobody has is answered as fast.
async fn told_by_no_time(role: Role, which: impl Fn(&Method) -> bool) {
    let scene = Scene::full().await;
    let mut methods = asked(&RECORDS);
    methods.retain(|(method, _)| method.roles.contains(&role) && !method.streaming && which(method));
    let secret = scene.stranger(role).secret();
    let ask = async |(method, name): (&'static Method, &'static str), of: &Ids| {
        let request = by_name(&scene, (method, name), of);
        drop(answer(&scene.cast, method, secret, request.encode_to_vec()).await);
    };
    let told = told_apart((&methods, BESIDE, ROUNDS), (&scene.child, &nobody()), ask).await;
    let told: Vec<_> = told.iter().map(|((method, name), how)| (method.name, *name, how)).collect();
    assert!(told.is_empty(), "{told:?}");
    // The same look finds what there is to find.
    let (first, nobody) = (methods[0], nobody());
    let thrice = async || {
        for _ in 0..3 {
            ask(first, &nobody).await;
        }
    };
    let planted = compare(ROUNDS, async || ask(first, &nobody).await, thrice).await;
    assert!(planted.tells(methods.len()), "{planted:?}");
}

/// Whether a method is one of these parts of the API.
fn is_of(method: &Method, parts: &[&str]) -> bool {
    parts.iter().any(|part| method.service.starts_with(&format!("helpline.{part}.")))
}

const CASES: [&str; 1] = ["casework"];
const STAYS: [&str; 3] = ["referral", "reintegration", "shelter"];

#[tokio::test]
async fn slow_a_counsellor_cannot_tell_what_there_is_of_a_case_by_the_time_of_an_answer() {
    told_by_no_time(Role::Counsellor, |method| is_of(method, &CASES)).await;
}

#[tokio::test]
async fn slow_a_counsellor_cannot_tell_what_there_is_of_a_stay_by_the_time_of_an_answer() {
    told_by_no_time(Role::Counsellor, |method| is_of(method, &STAYS)).await;
}

#[tokio::test]
async fn slow_a_counsellor_cannot_tell_what_else_there_is_of_a_child_by_the_time_of_an_answer() {
    told_by_no_time(Role::Counsellor, |method| !is_of(method, &CASES) && !is_of(method, &STAYS)).await;
}

#[tokio::test]
async fn slow_another_agency_cannot_tell_what_there_is_of_a_child_by_the_time_of_an_answer() {
    told_by_no_time(Role::AgencyResponder, |_| true).await;
}

#[tokio::test]
async fn slow_an_administrator_cannot_tell_what_there_is_of_a_child_by_the_time_of_an_answer() {
    told_by_no_time(Role::Administrator, |_| true).await;
}
