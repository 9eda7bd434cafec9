//! The state of one worker, and the phases of an epoch.

use std::ops::Range;

use crate::error::{Error, Result, check_size};
use crate::gram::gram;
use crate::kernel::{Buffer, Real};
use crate::models::als::basis::{Basis, Eigen, Square};
use crate::models::als::half_step::{sigma, turn_rows, whitened};
use crate::models::als::params::AlternatingLeastSquares;
use crate::models::als::parts::iteration::Steps;
use crate::models::als::parts::messages::{Nodes, Whitened, nodes};
use crate::models::als::parts::owned::{Facts, Owned};
use crate::models::als::parts::routes::{Of, Routes};
use crate::models::als::parts::tree::cover;
use crate::models::als::relaxation::{Relaxation, relax_items};
use crate::sparse::CsrView;

/// Where the leaves of users and of items begin, and where the last ones end: for both one more than there are leaves.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Cut {
    pub(crate) users: Vec<usize>,
    pub(crate) items: Vec<usize>,
}

/// What travels in the items' half of an epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Travels {
    /// Users, to the owners of items: these have all entries of their items.
    Users,
    /// Sums over users, from those who have these.
    Sums,
}

/// A worker's entries.
#[derive(Clone, Copy)]
pub(crate) struct Local<'a, T> {
    /// Those of its users, by all items.
    pub(crate) user_items: CsrView<'a, T>,
    /// Where sums travel, the same by items: all items by its users, numbered from the first. Otherwise the items that it owns
    /// by all users.
    pub(crate) item_users: CsrView<'a, T>,
}

/// What a worker has of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Share {
    Nothing,
    Part,
    All,
}

/// One worker's part of a fit.
pub(crate) struct Part<T: Real> {
    pub(super) model: AlternatingLeastSquares,
    pub(super) cut: Cut,
    /// The leaves of each worker, and which of them this is.
    pub(super) workers: Vec<Range<usize>>,
    pub(super) rank: usize,
    pub(super) cover: Vec<Range<usize>>,
    pub(super) leaf_of: Vec<u16>,
    pub(super) compact: bool,
    pub(super) travels: Travels,
    pub(super) routes: [Routes; 2],
    /// What this worker has of each item.
    pub(super) shares: Vec<Share>,
    /// `Σ c p²` of those that it has all entries of.
    pub(super) constants: Vec<f64>,
    /// What is known of the items that it owns.
    pub(super) facts: Facts,
    /// The factors of its users and its items, and where the items came from.
    pub(crate) users: Vec<T>,
    pub(crate) items: Vec<T>,
    pub(crate) starts: Vec<T>,
    /// From the basis of the users to that of the items.
    pub(crate) from_users: Square,
    /// All rows of a side, and this worker's, as they are gathered, in either form.
    pub(super) full: [Buffer<T>; 2],
    pub(super) compacts: [Buffer<T::Compact>; 2],
    /// What the phases of a half-step leave to the next ones.
    pub(super) from_items: Square,
    pub(super) basis: Option<Basis>,
    pub(super) owned: Option<Owned<T>>,
}

impl<T: Real> Part<T> {
    /// Worker `rank` of those that have these leaves. `compact` says whether rows may be stored as halves: for all workers alike.
    pub(crate) fn new(
        model: AlternatingLeastSquares,
        cut: Cut,
        workers: Vec<Range<usize>>,
        rank: usize,
        (travels, compact): (Travels, bool),
        local: Local<'_, T>,
    ) -> Result<Self> {
        check(&cut, &workers, rank)?;
        let leaves = workers[rank].clone();
        let users = cut.users[leaves.start]..cut.users[leaves.end];
        let count = *cut.items.last().unwrap_or(&0);
        check_size("the number of users of this worker", users.len(), local.user_items.rows())?;
        check_size("the number of items", count, local.user_items.columns())?;
        let own = cut.items[leaves.end] - cut.items[leaves.start];
        let (rows, columns) = match travels {
            Travels::Users => (own, *cut.users.last().unwrap_or(&0)),
            Travels::Sums => (count, users.len()),
        };
        check_size("the number of rows of items", rows, local.item_users.rows())?;
        check_size("the number of users beside items", columns, local.item_users.columns())?;
        let f = model.factors;
        let leaf_of = leaves
            .clone()
            .flat_map(|leaf| std::iter::repeat_n(leaf as u16, cut.users[leaf + 1] - cut.users[leaf]));
        let compact = compact && model.plan(Relaxation::None).compacts::<T>();
        Ok(Self {
            leaf_of: leaf_of.collect(),
            cover: cover(leaves),
            routes: [Routes::default(), Routes::default()],
            travels,
            shares: vec![Share::Nothing; count],
            constants: vec![0.0; count],
            facts: Facts { counts: vec![], liked: vec![], constants: vec![], places: vec![] },
            users: vec![T::ZERO; users.len() * f],
            items: vec![T::ZERO; own * f],
            starts: vec![T::ZERO; own * f],
            from_users: Square::identity(f),
            full: [Buffer::new::<T>(0), Buffer::new::<T>(0)],
            compacts: [Buffer::new::<T>(0), Buffer::new::<T>(0)],
            from_items: Square::identity(f),
            basis: None,
            owned: None,
            model,
            cut,
            workers,
            rank,
            compact,
        })
    }

    pub(super) fn leaves(&self) -> Range<usize> {
        self.workers[self.rank].clone()
    }

    /// The factors of this worker's users, in the basis of the items.
    pub(crate) fn turned_users(&self) -> Vec<T> {
        let mut users = self.users.clone();
        turn_rows(&mut users, &self.from_users);
        users
    }

    /// Goes on from the factors of its users and its items, where those came from, and the turn of the users.
    pub(crate) fn restore(&mut self, [users, items, starts]: [&[T]; 3], from_users: Square) -> Result<()> {
        check_size("the number of factors of users", self.users.len(), users.len())?;
        check_size("the number of factors of items", self.items.len(), items.len())?;
        check_size("the number of factors of starts", self.items.len(), starts.len())?;
        check_size("the number of rows of a turn", self.model.factors, from_users.f)?;
        check_size("the number of numbers of a turn", self.model.factors.pow(2), from_users.values.len())?;
        self.users.copy_from_slice(users);
        self.items.copy_from_slice(items);
        self.starts = starts.to_vec();
        self.from_users = from_users;
        Ok(())
    }

    /// The items that a worker owns.
    pub(crate) fn items_of(&self, rank: usize) -> Range<usize> {
        self.rows_of(Of::Items, rank)
    }

    pub(super) fn steps(&self) -> Steps {
        let plan = self.model.plan(Relaxation::None);
        Steps { usual: plan.cg_steps, heavy: plan.heavy() }
    }

    /// Relaxes the items as the epoch before left it to this one; their Gram matrix.
    pub(crate) fn begin_epoch(&mut self, epoch: usize) -> Nodes {
        if epoch > 1 {
            relax_items(&mut self.items, &self.starts, self.model.relaxation, epoch);
        }
        self.grams(&self.items, &self.cut.items)
    }

    /// The Gram matrices of the leaves of one side, of which `rows` are this worker's.
    pub(super) fn grams(&self, rows: &[T], bounds: &[usize]) -> Nodes {
        let (f, leaves) = (self.model.factors, self.leaves());
        let first = bounds[leaves.start];
        let of = |leaf: usize| {
            let rows = &rows[(bounds[leaf] - first) * f..(bounds[leaf + 1] - first) * f];
            (leaf, gram(rows, f))
        };
        nodes(&self.cover, leaves.filter(|&leaf| bounds[leaf] < bounds[leaf + 1]).map(of))
    }

    /// Whitened rows for each worker, those that it has entries of.
    pub(crate) fn whiten(&mut self, of: Of, eigen: Eigen, regularization: f64) -> Vec<Whitened<T>> {
        let basis = Basis::of::<T>(eigen, self.model.unobserved_weight, regularization);
        let turn = whitened(&basis, self.sigma());
        self.basis = Some(basis);
        self.turned(of, &turn)
    }

    pub(super) fn sigma(&self) -> f64 {
        match T::COMPACT_MAX {
            Some(largest) if self.compact => sigma(largest, self.model.unobserved_weight),
            _ => 1.0,
        }
    }
}

/// Fails unless leaves follow each other and have a worker each, of whom this is one.
fn check(cut: &Cut, workers: &[Range<usize>], rank: usize) -> Result<()> {
    let refused =
        |name, expected, value: usize| Err(Error::InvalidParameter { name, expected, value: value as f64 });
    let leaves = workers.last().map_or(0, |last| last.end);
    let follow = workers.iter().zip(workers.iter().skip(1)).all(|(one, next)| one.end == next.start);
    let backwards = workers.iter().any(|own| own.start > own.end);
    if backwards
        || !follow
        || workers.first().is_none_or(|first| first.start != 0)
        || leaves > usize::from(u16::MAX)
    {
        return refused(
            "workers",
            "leaves from 0 on, up to 65535, those of one after those of the other",
            leaves,
        );
    }
    if rank >= workers.len() {
        return refused("rank", "the number of a worker", rank);
    }
    for (name, bounds) in [("users", &cut.users), ("items", &cut.items)] {
        check_size("the number of bounds (one more than leaves)", leaves + 1, bounds.len())?;
        if bounds[0] != 0 || !bounds.is_sorted() {
            return refused(name, "bounds of leaves from 0 on, none before the one before it", bounds[0]);
        }
    }
    Ok(())
}
