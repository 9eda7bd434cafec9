//! A fit that several workers share, each with a part of the users; the workers may be processes on different machines.
//!
//! Users never move: a worker has the entries of its users in both orientations, and their factors. Items belong to workers as well, which
//! take their steps. In the users' half of an epoch, owners send whitened items to whoever has entries of them, and users are
//! solved as in any fit. In the items' half, an owner sends directions of conjugate gradients to whoever has entries, and gets sums over
//! these back; where one worker has all entries of an item, it is asked for the solution.
//!
//! Users and items are cut into leaves, whose number is fixed, and whatever is summed over users or items is summed along the
//! [tree](tree) of the leaves. So the bits do not depend on the number of workers. Nothing here talks to anyone: whoever drives a fit calls
//! the phases of all [`Part`]s in turn, and carries what they return to where it is wanted.

mod exchange;
mod items;
mod items_half;
mod iteration;
mod messages;
mod owned;
mod part;
mod routes;
mod segments;
mod setup;
mod sketch;
mod tree;
mod users_half;

#[cfg(feature = "python")]
pub(crate) use crate::models::als::sketch::largest;
pub(crate) use messages::{Counts, total};
pub(crate) use part::{Cut, Local, Part, Travels};
pub(crate) use routes::Of;
pub(crate) use sketch::Round;
#[cfg(feature = "python")]
pub(crate) use {
    items::Answers,
    messages::{Ask, Needs, Nodes, Presence, Received, Whitened},
    part::Share,
};

#[cfg(test)]
mod tests;
