//! Stories of children, played from the first contact to the last follow-up through the public API.
//!
//! Each has several callers with tokens of their own, something that goes wrong in the middle, and looks after every step at what
//! must be so: a play that ends well has held all of it. Time is the database's clock, which is moved: two years pass in seconds.
//! What must have alarmed has, once, and nothing else has ([`Stage::close`]).

mod across_a_border;
mod cast;
mod desk;
mod migrant_child;
mod places;
mod returnee;
mod school_abuse;
mod shelter;
mod stage;

use anyhow::Result;

pub use stage::{Line, Stage};

/// A story that can be played.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub enum Scenario {
    /// A girl travels to her uncle in another country, and does not arrive
    AcrossABorder,
    /// Two children need a place with an organisation that has one left
    MigrantChild,
    /// Two siblings come back from a conflict zone, and are looked after for two years
    Returnee,
    /// A boy is hit at school, and a teacher calls
    SchoolAbuse,
    /// A girl who was trafficked needs a bed, and goes home
    Shelter,
}

impl Scenario {
    /// What it is about, in a sentence.
    pub const fn about(self) -> &'static str {
        match self {
            Self::AcrossABorder => {
                "A girl goes to her uncle in another country. The first office there does not answer, she takes back what she \
                 agreed to and gives it again, and nobody confirms that she has arrived."
            }
            Self::MigrantChild => {
                "Two children who are alone in the country need a place on the same evening. One organisation has one left."
            }
            Self::Returnee => {
                "A girl and her brother come back to their grandmother. Three bodies share what is planned for her, of which one says no; a \
                 visit is missed, and the guardian changes."
            }
            Self::SchoolAbuse => {
                "A teacher calls about a boy. The law demands a report, and whoever helps him learns what they need and no more; the \
                 authority is late."
            }
            Self::Shelter => {
                "A girl of sixteen was kept in a house to work. She needs a bed tonight; in the end she goes home."
            }
        }
    }

    /// Plays it to its end.
    ///
    /// # Errors
    /// What was not as it must be.
    pub async fn play(self, stage: &Stage<'_>) -> Result<()> {
        match self {
            Self::AcrossABorder => Box::pin(across_a_border::play(stage)).await,
            Self::MigrantChild => Box::pin(migrant_child::play(stage)).await,
            Self::Returnee => Box::pin(returnee::play(stage)).await,
            Self::SchoolAbuse => Box::pin(school_abuse::play(stage)).await,
            Self::Shelter => Box::pin(shelter::play(stage)).await,
        }?;
        stage.close().await
    }
}
