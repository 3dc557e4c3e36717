//! Children on the move: [`protection`] is what they are afraid of, [`redirect`] their case handed to an organisation as a whole,
//! [`detention`] that they are held, [`stay`] until when they stay somewhere; [`workers`] is what time does.

pub(crate) mod detention;
pub(crate) mod protection;
pub(crate) mod redirect;
pub(crate) mod stay;
pub(crate) mod workers;
