//! Why somebody does not go to another country.

use helpline_proto::errors::v1::ErrorReason;

use super::Refusal;

impl Refusal {
    /// TRANSFER_REFUSED: `why` are the keys of what is in the way.
    pub fn transfer_refused(why: &[&str]) -> Self {
        Self::new(
            ErrorReason::TransferRefused,
            "the rules of the country do not let the child be handed over",
        )
        .with("why", why.join(","))
    }

    /// RETURN_REFUSED: `why` are the keys of what is in the way.
    pub fn return_refused(why: &[String]) -> Self {
        Self::new(ErrorReason::ReturnRefused, "something is in the way of who would return")
            .with("why", why.join(","))
    }

    /// RETURN_ITEMS_OPEN: `items` are the keys of what is open.
    pub fn return_items_open(items: &[&str]) -> Self {
        Self::new(ErrorReason::ReturnItemsOpen, "something that is needed to go is open")
            .with("items", items.join(","))
    }
}
