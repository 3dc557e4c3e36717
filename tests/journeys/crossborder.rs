//! A child is handed over to another country, by the centre and by the focal point there.

mod agreed;
mod focal_points;
mod lost;
pub(crate) mod room;
mod rules;
mod silent;
mod told;
mod trace;
mod walk;
mod whole;
