//! What is true of every history, on every store: laws over random histories through the real service.
//!
//! A failing history is printed as its steps, made as short as it still fails. `docs/TESTING.md` says how to look further.

mod asking;
mod bed;
mod blame;
mod diff;
mod hits;
mod house;
mod looking_back;
mod state;
mod writers;

/// Holds each law on each store: how many histories, how many steps at most, and the law.
macro_rules! on_each_store_holds {
    ($($law:ident: $cases:literal histories of $steps:literal steps;)*) => {
        mod in_memory { $( #[test] fn $law() {
            crate::laws::bed::hold(crate::laws::bed::On::Memory, $cases, $steps, super::$law);
        } )* }
        mod on_sqlite { $( #[test] fn $law() {
            crate::laws::bed::hold(crate::laws::bed::On::Sqlite, $cases, $steps, super::$law);
        } )* }
        mod on_postgres { $( #[test] fn $law() {
            crate::laws::bed::hold(crate::laws::bed::On::Postgres, $cases, $steps, super::$law);
        } )* }
    };
}
use on_each_store_holds;
