//! Children on the move: a mission learns nothing of who is afraid of it, a case is handed on as a whole, a child is held, a stay ends.

mod gate;
mod held;
mod redirect;
mod room;
mod sequences;
mod stay;
mod walls;
