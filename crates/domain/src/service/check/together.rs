//! The package as a whole: what refers to something must find it, nothing is above itself, ages are in order.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::Value;
use uuid::Uuid;

use super::{Checked, Origins, Problem};
use crate::service::kind::{Kind, Shape};
use crate::service::listing::is_to_come;
use crate::service::package::{Package, id, text};

/// Looks at everything together; what refers to nothing is taken out of the record that refers.
pub(super) fn check(checked: &mut Checked, (there, now): (&Package, DateTime<Utc>), origins: &Origins) {
    let mut wrong = Vec::new();
    references(&checked.package, there, &mut wrong);
    circles(&checked.package, there, (Kind::TaxonomyTerm, "parent_id"), &mut wrong);
    circles(&checked.package, there, (Kind::Organization, "parent_organization_id"), &mut wrong);
    for (service, record) in checked.package.of(Kind::Service) {
        let age = |name| record.get(name).and_then(Value::as_f64);
        if let (Some(least), Some(most)) = (age("minimum_age"), age("maximum_age"))
            && least > most
        {
            wrong.push((Kind::Service, service, "maximum_age", "is below minimum_age"));
        }
        let assured = text(record, "assured_date").and_then(|day| day.parse::<NaiveDate>().ok());
        if assured.is_some_and(|day| is_to_come(day, now)) {
            wrong.push((Kind::Service, service, "assured_date", "is a day that is yet to come"));
        }
    }
    for (kind, id, field, what) in wrong {
        let (file, place) = origins.get(&(kind, id)).cloned().unwrap_or_default();
        let required = kind.table().field(field).is_some_and(|field| field.required);
        if let Some(record) = checked.package.get_mut(kind, id) {
            record.remove(field);
        }
        let (field, what) = (field.to_owned(), what.to_owned());
        checked.problems.push(Problem { file, place, field, what, bearable: !required });
    }
}

type Wrong = (Kind, Uuid, &'static str, &'static str);

fn references(package: &Package, there: &Package, wrong: &mut Vec<Wrong>) {
    let found = |kind, id| package.get(kind, id).or_else(|| there.get(kind, id)).is_some();
    for (kind, own, record) in package.all() {
        for field in kind.table().fields {
            let to = match field.shape {
                Shape::Reference(to) => Some(to),
                Shape::Link if record.contains_key(field.name) => {
                    let to = text(record, "link_entity").and_then(Kind::from_key);
                    if !to.is_some_and(Kind::has_attributes) {
                        wrong.push((kind, own, field.name, why_not(to)));
                        continue;
                    }
                    to
                }
                _ => continue,
            };
            if let (Some(to), Some(id)) = (to, id(record, field.name))
                && !found(to, id)
            {
                wrong.push((kind, own, field.name, "refers to a record that is not there"));
            }
        }
    }
}

/// Why nothing can be linked to such a record.
const fn why_not(entity: Option<Kind>) -> &'static str {
    match entity {
        None => "nothing says of what kind it is: see link_entity",
        // One of an attribute could, over others, belong to itself.
        Some(_) => "is of a kind that has no attributes: see link_entity",
    }
}

/// Finds who is above themselves.
fn circles(package: &Package, there: &Package, (kind, field): (Kind, &'static str), wrong: &mut Vec<Wrong>) {
    let above =
        |own| package.get(kind, own).or_else(|| there.get(kind, own)).and_then(|record| id(record, field));
    let mut sound = BTreeSet::new();
    for (own, _) in package.of(kind) {
        let mut path = BTreeSet::new();
        let mut next = Some(own);
        while let Some(at) = next.filter(|at| !sound.contains(at)) {
            if !path.insert(at) {
                if at == own {
                    wrong.push((kind, own, field, "is, over others, above itself"));
                }
                break;
            }
            next = above(at);
        }
        if next.is_none_or(|at| sound.contains(&at)) {
            sound.extend(path);
        }
    }
}
