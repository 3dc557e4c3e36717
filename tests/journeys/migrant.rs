//! Children on the move: a mission learns nothing of who is afraid of it, a case is handed on as a whole, a child is held, a stay ends.

mod around;
mod danger;
mod gate;
mod held;
mod in_hand;
mod joined;
mod missing;
mod redirect;
mod room;
mod said;
mod sequences;
mod stay;
mod taken_back;
mod waits;
mod walk;
mod walls;
