//! Contacts are counted by what was recorded of them. Nothing sealed is read.

use chrono::NaiveDate;
use helpline_domain::caller::Caller;
use helpline_domain::id::{CentreId, ContactId};
use helpline_domain::statistics::Dimension;
use sqlx::FromRow;
use uuid::Uuid;

use crate::{Store, StoreError};

/// Contacts of some days, in the time zone of the centre.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Days {
    /// The first day.
    pub first: NaiveDate,
    /// The last day.
    pub last: NaiveDate,
    /// Name of the time zone, of the IANA list.
    pub time_zone: String,
}

/// How many have all of these.
#[derive(Clone, PartialEq, Eq, Debug, FromRow)]
pub struct Counted {
    /// A key of each dimension; empty where none was asked for.
    pub cell: Vec<String>,
    /// How many.
    pub contacts: i64,
}

/// Cells of one table at most.
pub const MOST_CELLS: usize = 10_000;

/// The contacts `c` of the days, each once, or once for each of its categories where parameter 5 asks for them.
macro_rules! counted {
    () => {
        "FROM helpline.contacts c
     LEFT JOIN LATERAL jsonb_array_elements_text(CASE WHEN 'category' = ANY ($5::text[]) THEN c.closing -> 'categories' END)
        AS said (category) ON true
     WHERE c.centre_id = $1 AND c.received_at >= $2::date::timestamp AT TIME ZONE $4
       AND c.received_at < ($3::date + 1)::timestamp AT TIME ZONE $4"
    };
}

/// The key of a contact in the n-th dimension that was asked for.
macro_rules! key {
    ($place:literal) => {
        concat!(
            "coalesce(CASE ($5::text[])[",
            $place,
            "] WHEN 'channel' THEN c.channel WHEN 'state' THEN c.state WHEN 'kind' THEN c.closing ->> 'kind'
            WHEN 'main_category' THEN c.closing -> 'categories' ->> 0 WHEN 'category' THEN said.category
            WHEN 'gender' THEN c.closing ->> 'gender' WHEN 'age_band' THEN c.closing ->> 'age_band' WHEN 'region' THEN c.closing ->> 'region'
            WHEN 'action_taken' THEN c.closing ->> 'action_taken' WHEN 'risk' THEN c.risk::text
            WHEN 'month' THEN to_char(c.received_at AT TIME ZONE $4, 'YYYY-MM') END, '')"
        )
    };
}

macro_rules! cell {
    () => {
        concat!("ARRAY[", key!("1"), ", ", key!("2"), ", ", key!("3"), "]")
    };
}

/// The last row, with an empty cell, counts each contact once: both are of one instant.
const COUNT: &str = concat!(
    "WITH found AS MATERIALIZED (SELECT c.contact_id, ",
    cell!(),
    " AS cell ",
    counted!(),
    ")
     (SELECT cell, count(*) AS contacts FROM found GROUP BY 1 ORDER BY 1 LIMIT $6)
     UNION ALL SELECT '{}', count(DISTINCT contact_id) FROM found"
);

const LIST: &str = concat!(
    "WITH journalled AS (
        INSERT INTO helpline.journal (centre_id, at, event, actor_id, actor_role, detail)
        SELECT $1, helpline.now(), 'contacts_counted', $9, $10, jsonb_build_object('dimensions', $5::text[], 'first', $2::date, 'last', $3::date))
     SELECT c.contact_id ",
    counted!(),
    " AND ",
    cell!(),
    " = $6::text[] AND ($7::uuid IS NULL OR c.contact_id < $7)
     ORDER BY c.contact_id DESC LIMIT $8"
);

/// Every table of a report at once.
const TABLES: &str = concat!(
    "SELECT ARRAY[key.dimension, coalesce(key.key, '')] AS cell, count(*) AS contacts FROM (
        SELECT c.channel, c.state, c.closing, to_char(c.received_at AT TIME ZONE $4, 'YYYY-MM') AS month ", counted!(), ") c
     CROSS JOIN LATERAL (VALUES
        ('channel', c.channel), ('state', c.state), ('kind', c.closing ->> 'kind'), ('main_category', c.closing -> 'categories' ->> 0),
        ('gender', c.closing ->> 'gender'), ('age_band', c.closing ->> 'age_band'), ('region', c.closing ->> 'region'),
        ('action_taken', c.closing ->> 'action_taken'), ('month', c.month)) AS key (dimension, key)
     GROUP BY 1"
);

fn keys(dimensions: &[Dimension]) -> Vec<String> {
    dimensions.iter().map(|one| one.key().to_owned()).collect()
}

impl Store {
    /// Counts contacts by at most three dimensions: the cells that are not empty, at most one more than [`MOST_CELLS`], and how many
    /// contacts they are.
    pub async fn count_contacts(
        &self,
        centre: CentreId,
        days: &Days,
        dimensions: &[Dimension],
    ) -> Result<(Vec<Counted>, i64), StoreError> {
        let mut connection = self.bound(centre).await?;
        let rows = sqlx::query_as::<_, Counted>(COUNT)
            .bind(centre.as_uuid())
            .bind(days.first)
            .bind(days.last)
            .bind(days.time_zone.clone())
            .bind(keys(dimensions))
            .bind(i64::try_from(MOST_CELLS + 1).unwrap_or(i64::MAX))
            .fetch_all(connection.postgres())
            .await;
        let mut counts = connection.settle(rows)?;
        let whole = counts.iter().position(|one| one.cell.is_empty());
        let total = whole.map_or(0, |place| counts.swap_remove(place).contacts);
        counts.sort_by(|one, other| one.cell.cmp(&other.cell));
        for one in &mut counts {
            one.cell.truncate(dimensions.len());
        }
        Ok((counts, total))
    }

    /// Whether the last of these days is over.
    pub async fn are_over(&self, centre: CentreId, days: &Days) -> Result<bool, StoreError> {
        let mut connection = self.bound(centre).await?;
        let over = sqlx::query_scalar::<_, bool>(
            "SELECT helpline.now() >= ($1::date + 1)::timestamp AT TIME ZONE $2",
        )
        .bind(days.last)
        .bind(days.time_zone.clone())
        .fetch_one(connection.postgres())
        .await;
        connection.settle(over)
    }

    /// A page of the contacts of a cell, newest first; the journal says that somebody asked.
    pub async fn counted_contacts(
        &self,
        caller: &Caller,
        days: &Days,
        (dimensions, cell): (&[Dimension], &[String]),
        (size, before): (u32, Option<ContactId>),
    ) -> Result<Vec<ContactId>, StoreError> {
        let mut cell = cell.to_vec();
        cell.resize(3, String::new());
        let mut connection = self.bound(caller.centre_id).await?;
        let rows = sqlx::query_scalar::<_, Uuid>(LIST)
            .bind(caller.centre_id.as_uuid())
            .bind(days.first)
            .bind(days.last)
            .bind(days.time_zone.clone())
            .bind(keys(dimensions))
            .bind(cell)
            .bind(before.map(|id| id.as_uuid()))
            .bind(i64::from(size))
            .bind(caller.principal())
            .bind(caller.role.key())
            .fetch_all(connection.postgres())
            .await;
        Ok(connection.settle(rows)?.into_iter().map(ContactId::from).collect())
    }

    /// Every table of a report, all counted in one instant: each key of each dimension, and how many have it.
    pub async fn report_tables(
        &self,
        centre: CentreId,
        days: &Days,
    ) -> Result<Vec<(Dimension, String, i64)>, StoreError> {
        let mut connection = self.bound(centre).await?;
        let rows = sqlx::query_as::<_, Counted>(TABLES)
            .bind(centre.as_uuid())
            .bind(days.first)
            .bind(days.last)
            .bind(days.time_zone.clone())
            .bind(Vec::<String>::new())
            .fetch_all(connection.postgres())
            .await;
        let read = |row: Counted| {
            let [dimension, key] = <[String; 2]>::try_from(row.cell).ok()?;
            Some((Dimension::from_key(&dimension)?, key, row.contacts))
        };
        Ok(connection.settle(rows)?.into_iter().filter_map(read).collect())
    }
}
