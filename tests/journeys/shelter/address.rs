//! Where a protected shelter is, is told by no answer to who need not know it, and by none of their times.

use helpline_tests::timing::{compare, told_apart};
use serde_json::{Value, json};

use super::room::{House, hidden_house, house_in};
use super::unasked::{LISTS, Stranger};

/// How often each method is asked in each world.
const ROUNDS: usize = 80;
/// What names the place.
const NAMES: [&str; 3] = ["Hidden street", "Lusail", "25.28"];

fn elsewhere() -> Value {
    house_in("Another road", "Al Khor", (25.68, 51.5))
}

/// A house of which nobody has written down where it is.
fn nowhere() -> Value {
    let mut house = hidden_house();
    let id = |kind: u32| format!("{kind:08x}-0000-4000-8000-000000000001");
    house["service_at_locations"][0]["location"] = json!({"id": id(4), "location_type": "physical"});
    house["phones"] = json!([]);
    house
}

/// What a counsellor and another agency may ask. Administrators keep addresses.
fn asked() -> Vec<&'static str> {
    LISTS.into_iter().filter(|method| !method.starts_with("administrator")).collect()
}

/// In two worlds that are alike but for the address everything is told alike, as fast.
async fn told_alike(other: &Value) {
    let (methods, here) = (asked(), House::at(&hidden_house(), true).await);
    let there = House::at(other, true).await;
    let (here, there) = (Stranger::of(&here).await, Stranger::of(&there).await);
    for method in &methods {
        let told = here.ask(method).await;
        assert_eq!(told, there.ask(method).await, "{method}");
        assert!(!NAMES.iter().any(|name| told.contains(name)), "{method}: {told}");
    }
    let ask = async |method: &'static str, of: &Stranger| drop(of.ask(method).await);
    let told = told_apart((&methods, 1, ROUNDS), (&here, &there), ask).await;
    assert_eq!(told, []);
}

#[tokio::test]
async fn slow_a_protected_shelter_may_be_anywhere_to_who_need_not_know() {
    Box::pin(told_alike(&elsewhere())).await;
}

#[tokio::test]
async fn slow_whether_an_address_was_written_down_is_not_told_either() {
    Box::pin(told_alike(&nowhere())).await;
}

#[tokio::test]
async fn slow_where_a_shelter_is_that_is_not_protected_is_found_by_the_same_look() {
    let (here, there) = (House::at(&hidden_house(), false).await, House::at(&elsewhere(), false).await);
    let (here, there) = (Stranger::of(&here).await, Stranger::of(&there).await);
    for method in [
        "counsellor SearchServices: all",
        "counsellor SearchServices: in the city",
        "counsellor SearchServices: near",
        "counsellor GetService",
    ] {
        assert_ne!(here.ask(method).await, there.ask(method).await, "{method}");
    }
    let at_once = async || drop(here.ask("counsellor GetService").await);
    let twice = async || {
        drop(there.ask("counsellor GetService").await);
        drop(there.ask("counsellor GetService").await);
    };
    let planted = compare(ROUNDS, at_once, twice).await;
    assert!(planted.tells(asked().len()), "{planted:?}");
}
