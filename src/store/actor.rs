//! Actors are unique for ever, for the log names who wrote by them: a taken one gets a number behind it.

use std::collections::HashSet;

/// The actors that begin as a numbered `wanted` does stand from the first of these up to below the second.
pub(super) fn numbered(wanted: &str) -> (String, String) {
    // '.' is the character after '-'.
    (format!("{wanted}-"), format!("{wanted}."))
}

/// `wanted`, or else the first of `wanted-2`, `wanted-3` … that is not taken.
pub(super) fn free(wanted: &str, taken: &HashSet<String>) -> String {
    if !taken.contains(wanted) {
        return wanted.to_owned();
    }
    let mut number = 2_u64;
    loop {
        let actor = format!("{wanted}-{number}");
        if !taken.contains(&actor) {
            return actor;
        }
        number += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_free_number_from_two_is_put_behind_a_taken_actor() {
        let taken = ["anna", "anna-2", "anna-4"].map(str::to_owned).into();
        assert_eq!(free("anna", &taken), "anna-3");
        assert_eq!(free("bert", &taken), "bert");
    }

    #[test]
    fn all_numbered_actors_and_few_others_stand_in_the_range() {
        let (from, to) = numbered("anna");
        for actor in ["anna-2", "anna-1000000", "anna-bella"] {
            assert!(from.as_str() <= actor && actor < to.as_str(), "{actor}");
        }
        for actor in ["anna", "annabella", "ann-2"] {
            assert!(!(from.as_str() <= actor && actor < to.as_str()), "{actor}");
        }
    }
}
