//! Emergencies: somebody reaches the child, or everybody knows that nobody has.
