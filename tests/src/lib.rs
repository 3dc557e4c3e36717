//! Whole-system tests: see `it/` for the stories and `repo/` for the house rules.
