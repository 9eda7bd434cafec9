//! The users' half of an epoch.

use std::ops::Range;

use rayon::prelude::*;

use crate::error::{Error, Result};
use crate::kernel::{Real, Stored, padded};
use crate::models::als::half_step::{Rows, Turns, solve_blocks};
use crate::models::als::long_row;
use crate::models::als::parts::messages::{Nodes, Received, nodes};
use crate::models::als::parts::part::{Local, Part};
use crate::models::als::parts::routes::Of;
use crate::models::als::relaxation::Relaxation;
use crate::models::als::side::{ROWS_PER_BLOCK, Side, Solved};
use crate::models::als::system::Fixed;

impl<T: Real> Part<T> {
    /// Solves this worker's users, with the whitened items of each owner. Returns their Gram matrix, and their penalty and loss.
    pub(crate) fn solve_users(
        &mut self,
        local: Local<'_, T>,
        items: &[Received<'_, T>],
        epoch: usize,
        interrupted: &(dyn Fn() -> bool + Sync),
    ) -> Result<(Nodes, Nodes)> {
        let width = padded(self.model.factors);
        self.take(Of::Items, items)?;
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
            prior: None,
            interrupted,
        };
        let (bounds, leaves) = (&self.cut.users, self.leaves());
        let sigma = self.sigma();
        let losses = if self.compact {
            let fixed = Fixed { rows: self.compacts[0].as_slice(), width, sigma };
            solve_leaves(&side, fixed, (&mut self.users, &mut []), bounds, leaves.clone())?
        } else {
            let fixed = Fixed { rows: self.full[0].as_slice(), width, sigma };
            solve_leaves(&side, fixed, (&mut self.users, &mut []), bounds, leaves.clone())?
        };
        let penalties: Vec<f64> =
            leaves.clone().into_par_iter().map(|leaf| self.penalty(local, leaf)).collect();
        let sums = leaves
            .zip(penalties.into_iter().zip(losses))
            .map(|(leaf, (penalty, loss))| (leaf, vec![penalty, loss]));
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

/// Solves the rows of each leaf, and returns the losses of the leaves. `starts` is as long as `x` if it is to be written.
pub(super) fn solve_leaves<T: Real, G: Stored<T>>(
    side: &Side<'_, T>,
    fixed: Fixed<'_, G>,
    (x, starts): (&mut [T], &mut [T]),
    bounds: &[usize],
    leaves: Range<usize>,
) -> Result<Vec<f64>> {
    let f = side.plan.factors;
    let long: Solved<T> = long_row::solve_all(side, x, fixed)?;
    let (mut rest, mut rest_of_starts, mut first) = (x, starts, 0);
    let (mut blocks, mut counts): (Vec<Rows<'_, T>>, _) = (Vec::new(), Vec::new());
    for leaf in leaves {
        let (own, others) = rest.split_at_mut((bounds[leaf + 1] - bounds[leaf]) * f);
        rest = others;
        let length = own.len().min(rest_of_starts.len());
        let (own_starts, others) = rest_of_starts.split_at_mut(length);
        rest_of_starts = others;
        let mut own_starts = own_starts.chunks_mut(ROWS_PER_BLOCK * f);
        let before = blocks.len();
        for rows in own.chunks_mut(ROWS_PER_BLOCK * f) {
            let count = rows.len() / f;
            blocks.push((first, (rows, own_starts.next())));
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
