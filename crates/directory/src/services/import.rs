//! Imports a package: read, checked, compared, written as one change or not at all.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use helpline_domain::caller::Caller;
use helpline_domain::id::CentreId;
use helpline_domain::service::check::{Problem, check};
use helpline_domain::service::kind::{Kind, TABLES};
use helpline_domain::service::package::{Difference, Package};
use helpline_store::service::Import;
use helpline_store::{Change, Command, Store, StoreError};

use super::reading::Read;

/// What an import would do, or why it cannot be done.
#[derive(Debug)]
pub struct Plan {
    /// Everything that is wrong with the package.
    pub problems: Vec<Problem>,
    /// Columns that nothing is known of, by file.
    pub unknown: BTreeSet<(String, String)>,
    /// Whether it can be carried out.
    pub usable: bool,
    /// What changes.
    pub difference: Difference,
    there: Package,
    revision: i64,
}

/// The directory of a centre as one package, and its revision.
pub async fn package_of(store: &Store, centre: CentreId) -> Result<(Package, i64), StoreError> {
    // The revision first: what changes meanwhile makes the import be refused.
    let revision = store.directory_revision(centre).await?.revision;
    let mut package = store.directory_records(centre).await?;
    for service in store.services_since(centre, -1).await? {
        let id = service.service_id.as_uuid();
        let mut rules = service.rules.record();
        if !rules.is_empty() {
            rules.insert("id".to_owned(), id.to_string().into());
            package.put(Kind::ServiceRule, id, rules);
        }
        package.put(Kind::Service, id, service.fields);
    }
    Ok((package, revision))
}

/// Checks what was read against what is there. `leniently`, what is wrong with a field that can be missing is left out.
pub async fn plan(store: &Store, centre: CentreId, read: Read, leniently: bool) -> Result<Plan, StoreError> {
    let (there, revision) = package_of(store, centre).await?;
    let mut checked = check(&read.files, &there, store.now().await?);
    let mut problems = read.problems;
    let usable = problems.is_empty() && checked.is_usable(leniently);
    problems.append(&mut checked.problems);
    let difference = if usable { there.difference(&checked.package) } else { Difference::default() };
    Ok(Plan { problems, unknown: checked.unknown, usable, difference, there, revision })
}

/// Carries a plan out. Nothing happens, and `false` is the answer, when the directory has changed since.
pub async fn carry_out(store: &Store, command: &Command, plan: &Plan) -> Result<bool, StoreError> {
    if !plan.usable || plan.difference.is_empty() {
        return Ok(plan.usable);
    }
    let import =
        Import { difference: &plan.difference, there: &plan.there, expected_revision: plan.revision };
    let change = store.import_services(command, import).await?;
    Ok(matches!(change, Change::Done(_) | Change::Replayed { .. }))
}

/// The command of an engineer at the keyboard, who bears no token.
pub fn by_hand(caller: Caller, request_id: helpline_domain::id::RequestId) -> Command {
    Command { caller, method: "ImportServices", request_id, hash: [0; 32] }
}

impl Plan {
    /// What was found and what changes, for people.
    pub fn in_words(&self) -> String {
        let mut text = String::new();
        for problem in &self.problems {
            let at = [problem.file.as_str(), &problem.place, &problem.field];
            let at: Vec<&str> = at.into_iter().filter(|part| !part.is_empty()).collect();
            let weight = if problem.bearable { "left out" } else { "refused" };
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{weight}: {}: {}", at.join(", "), problem.what);
        }
        for (file, column) in &self.unknown {
            let _ = writeln!(text, "not known: {file}, {column}: the column is passed over");
        }
        let count = |package: &Package, kind| package.of(kind).count();
        for table in &TABLES {
            let removed = self.difference.removed.iter().filter(|(kind, _)| *kind == table.kind).count();
            let added = count(&self.difference.added, table.kind);
            let changed = count(&self.difference.changed, table.kind);
            if added + changed + removed > 0 {
                let _ = writeln!(text, "{}: {added} new, {changed} changed, {removed} removed", table.key);
            }
        }
        if self.usable && self.difference.is_empty() {
            let _ = writeln!(text, "nothing changes: {} records are there as they are", self.difference.same);
        }
        text
    }
}
