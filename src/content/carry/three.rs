//! The three states of a carry.

use std::ops::{Index, IndexMut};

/// Which of the three states.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum State {
    /// What both sides began from.
    Base,
    /// What is changed.
    Ours,
    /// What is brought.
    Theirs,
}

impl State {
    /// All of them.
    pub(super) const ALL: [State; 3] = [State::Base, State::Ours, State::Theirs];
    /// The two that changed.
    pub(super) const SIDES: [State; 2] = [State::Ours, State::Theirs];

    /// The other side.
    pub(super) fn across(self) -> State {
        match self {
            State::Theirs => State::Ours,
            State::Base | State::Ours => State::Theirs,
        }
    }
}

/// One of each state.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Three<T> {
    pub(super) base: T,
    pub(super) ours: T,
    pub(super) theirs: T,
}

impl<T> Three<T> {
    /// Made by one function.
    pub(super) fn of(mut f: impl FnMut(State) -> T) -> Self {
        Three { base: f(State::Base), ours: f(State::Ours), theirs: f(State::Theirs) }
    }

    /// In the order base, ours, theirs.
    pub(super) fn each(&self) -> [&T; 3] {
        [&self.base, &self.ours, &self.theirs]
    }
}

impl<T> Index<State> for Three<T> {
    type Output = T;

    fn index(&self, state: State) -> &T {
        match state {
            State::Base => &self.base,
            State::Ours => &self.ours,
            State::Theirs => &self.theirs,
        }
    }
}

impl<T> IndexMut<State> for Three<T> {
    fn index_mut(&mut self, state: State) -> &mut T {
        match state {
            State::Base => &mut self.base,
            State::Ours => &mut self.ours,
            State::Theirs => &mut self.theirs,
        }
    }
}
