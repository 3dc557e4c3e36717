//! Residents of a shelter: what they are offered, who lives there with them, and how they go home.

mod address;
mod company;
mod detours;
mod grace;
mod known;
mod offers;
mod presence;
mod readers;
mod returns;
mod room;
mod timing;
mod unasked;
mod walk;
