//! The users' half of an epoch.

use std::ops::Range;

use crate::error::{Error, Result};
use crate::kernel::{Buffer, Real, Stored, padded};
use crate::models::als::half_step::{Rows, Turns, solve_blocks};
use crate::models::als::long_row;
use crate::models::als::parts::messages::{Nodes, Whitened, nodes};
use crate::models::als::parts::part::{Local, Part, Share};
use crate::models::als::relaxation::Relaxation;
use crate::models::als::side::{ROWS_PER_BLOCK, Side, Solved};
use crate::models::als::system::Fixed;

impl<T: Real> Part<T> {
    /// Solves this worker's users, with the whitened items of each owner. Returns their Gram matrix, and their penalty and loss.
    pub(crate) fn solve_users(
        &mut self,
        local: Local<'_, T>,
        items: &[Whitened<T>],
        epoch: usize,
        interrupted: &(dyn Fn() -> bool + Sync),
    ) -> Result<(Nodes, Nodes)> {
        let width = padded(self.model.factors);
        for (owner, rows) in items.iter().enumerate() {
            let present = self.items_of(owner).filter(|&item| self.shares[item] != Share::Nothing);
            match rows {
                Whitened::Full(rows) => {
                    placed(rows, present, self.shares.len(), width, &mut self.full[0]);
                }
                Whitened::Compact(rows) => {
                    placed::<T, _>(rows, present, self.shares.len(), width, &mut self.compacts[0]);
                }
            }
        }
        let Some(basis) = self.basis.take() else { return Err(Error::Diverged { epoch }) };
        let turns = Turns::between(&self.from_users, &basis);
        let plan = self.model.plan(Relaxation::of_users(self.model.relaxation, epoch));
        let side = Side {
            rows: &local.user_items,
            plan: &plan,
            columns: self.shares.len(),
            basis: &basis,
            warm: &turns.warm,
            scale: &turns.scale,
            interrupted,
        };
        let (bounds, leaves) = (&self.cut.users, self.leaves());
        let sigma = self.sigma();
        let losses = if self.compact {
            let fixed = Fixed { rows: self.compacts[0].as_slice(), width, sigma };
            solve_leaves(&side, fixed, &mut self.users, bounds, leaves.clone())?
        } else {
            let fixed = Fixed { rows: self.full[0].as_slice(), width, sigma };
            solve_leaves(&side, fixed, &mut self.users, bounds, leaves.clone())?
        };
        let penalties = leaves.clone().map(|leaf| self.penalty(local, leaf));
        let sums =
            leaves.zip(penalties.zip(losses)).map(|(leaf, (penalty, loss))| (leaf, vec![penalty, loss]));
        let sums = nodes(&self.cover, sums);
        self.from_items = basis.q;
        Ok((self.grams(&self.users, &self.cut.users), sums))
    }

    /// `Σ λ_u |x_u|²` over the users of a leaf.
    fn penalty(&self, local: Local<'_, T>, leaf: usize) -> f64 {
        let (f, objective) = (self.model.factors, self.model.objective());
        let first = self.cut.users[self.leaves().start];
        let users = self.cut.users[leaf] - first..self.cut.users[leaf + 1] - first;
        let square = |x: &[T]| x.iter().map(|x| x.to_f64() * x.to_f64()).sum::<f64>();
        users
            .map(|u| {
                let own = objective.row_regularization(local.user_items.row(u), self.shares.len());
                own * square(&self.users[u * f..(u + 1) * f])
            })
            .sum()
    }
}

/// Puts rows to the places of these items, of so many.
fn placed<T: Real, G: Stored<T>>(
    rows: &[G],
    items: impl Iterator<Item = usize>,
    count: usize,
    width: usize,
    buffer: &mut Buffer<G>,
) {
    let all = buffer.first(count * width);
    for (item, row) in items.zip(rows.chunks_exact(width)) {
        all[item * width..(item + 1) * width].copy_from_slice(row);
    }
}

/// Solves the users of each leaf, and returns the losses of the leaves.
fn solve_leaves<T: Real, G: Stored<T>>(
    side: &Side<'_, T>,
    fixed: Fixed<'_, G>,
    users: &mut [T],
    bounds: &[usize],
    leaves: Range<usize>,
) -> Result<Vec<f64>> {
    let f = side.plan.factors;
    let long: Solved<T> = long_row::solve_all(side, users, fixed)?;
    let (mut rest, mut first) = (users, 0);
    let (mut blocks, mut counts): (Vec<Rows<'_, T>>, _) = (Vec::new(), Vec::new());
    for leaf in leaves {
        let (own, others) = rest.split_at_mut((bounds[leaf + 1] - bounds[leaf]) * f);
        rest = others;
        let before = blocks.len();
        for rows in own.chunks_mut(ROWS_PER_BLOCK * f) {
            let count = rows.len() / f;
            blocks.push((first, (rows, None)));
            first += count;
        }
        counts.push(blocks.len() - before);
    }
    let losses = solve_blocks(side, fixed, blocks, &long)?;
    let mut losses = &losses[..];
    let of_leaf = |count: usize| {
        let (own, others) = losses.split_at(count);
        losses = others;
        own.iter().sum()
    };
    Ok(counts.into_iter().map(of_leaf).collect())
}
