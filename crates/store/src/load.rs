//! How much the line carries: who waits, and how fast it moves.

use std::collections::BTreeMap;

use helpline_domain::channel::Medium;
use helpline_domain::id::CentreId;
use helpline_domain::requirement::Requirement;
use helpline_domain::risk::Class;
use sqlx::types::Json;

use crate::contact::inconsistent;
use crate::{Store, StoreError};

/// Time over which it is counted how many were answered, in seconds.
pub const LATELY_S: u32 = 900;

/// Contacts of one class that ask for the same and wait.
#[derive(Clone, Debug)]
pub struct WaitingAlike {
    /// Their class.
    pub class: Class,
    /// What they ask for.
    pub requirement: Requirement,
    /// How many there are.
    pub waiting: u32,
    /// How long the first of them is past its deadline, in seconds.
    pub overdue_s: u32,
}

const WAITING: &str = "
    SELECT class, medium, language, skills, count(*),
        greatest(extract(epoch FROM (SELECT helpline.now()) - min(deadline_at)), 0)::int8
    FROM helpline.contacts WHERE centre_id = $1 AND state = 'waiting' GROUP BY class, medium, language, skills";

// Who has waited for hours says nothing about how fast the line moves now, and would have to be looked for everywhere.
const ANSWERED: &str = "
    SELECT count(*) FROM helpline.contacts
    WHERE centre_id = $1 AND received_at > (SELECT helpline.now()) - interval '2 hours'
        AND answered_at > (SELECT helpline.now()) - make_interval(secs => $2)";

type WaitingRow = (i16, String, Option<String>, Json<BTreeMap<String, u8>>, i64, i64);

impl Store {
    /// Who waits, and how many were answered in the last [`LATELY_S`].
    pub async fn load(&self, centre: CentreId) -> Result<(Vec<WaitingAlike>, u32), StoreError> {
        let mut connection = self.bound(centre).await?;
        let rows = sqlx::query_as::<_, WaitingRow>(WAITING)
            .bind(centre.as_uuid())
            .fetch_all(connection.postgres())
            .await;
        let rows = connection.settle(rows)?;
        let answered = sqlx::query_scalar::<_, i64>(ANSWERED)
            .bind(centre.as_uuid())
            .bind(f64::from(LATELY_S))
            .fetch_one(connection.postgres())
            .await;
        let answered = connection.settle(answered)?;
        let alike = |(class, medium, language, skills, waiting, overdue_s): WaitingRow| {
            let medium = Medium::ALL.into_iter().find(|known| known.key() == medium);
            Ok(WaitingAlike {
                class: Class::from_number(class).ok_or(inconsistent("class"))?,
                requirement: Requirement {
                    medium: medium.ok_or(inconsistent("medium"))?,
                    language,
                    skills: skills.0,
                },
                waiting: count(waiting),
                overdue_s: count(overdue_s),
            })
        };
        Ok((rows.into_iter().map(alike).collect::<Result<_, StoreError>>()?, count(answered)))
    }
}

fn count(number: i64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
