//! The one integration binary: Osier seen from outside.
