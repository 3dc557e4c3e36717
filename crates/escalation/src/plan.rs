//! What a centre has laid down for emergencies, and who is on call by it.

pub(crate) mod document;
pub(crate) mod preview_plan;
pub(crate) mod publish_plan;
pub(crate) mod stand_ins;
pub(crate) mod who_is_on_call;
pub(crate) mod wire;
