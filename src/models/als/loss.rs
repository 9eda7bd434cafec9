//! The training loss computed from its definition: the slow twin of what a half-step returns for free.

use crate::error::{Result, check_size};
use crate::gram::gram;
use crate::kernel::{self, Real};
use crate::models::als::objective::Objective;
use crate::models::als::params::AlternatingLeastSquares;
use crate::pool;
use crate::sparse::CsrView;
use rayon::prelude::*;

/// Rows whose losses are added up together; fixed, so that the sum does not depend on the threads.
const ROWS_PER_PART: usize = 256;

/// The objective of given factors, divided by the total weight of all pairs.
///
/// `user_factors` is users x f, `item_factors` items x f, both row-major. The pairs without an entry are
/// summed through the Gram matrix, never one by one. The parameters say what is minimized; those that say
/// how (solver, iterations, seed) play no part.
pub fn training_loss<T: Real>(
    params: &AlternatingLeastSquares,
    user_items: &CsrView<'_, T>,
    user_factors: &[T],
    item_factors: &[T],
) -> Result<f64> {
    params.check(user_items)?;
    let f = params.factors;
    check_size("the length of user_factors", user_items.rows() * f, user_factors.len())?;
    check_size("the length of item_factors", user_items.columns() * f, item_factors.len())?;
    let objective = params.objective();
    pool::run(params.threads, || {
        let user_gram = gram(user_factors, f);
        let item_gram = gram(item_factors, f);
        let everyone: f64 = user_gram.iter().zip(&item_gram).map(|(a, b)| a * b).sum();
        let parts: Vec<f64> = user_factors
            .par_chunks(ROWS_PER_PART * f)
            .enumerate()
            .map(|(part, x)| {
                let users = (part * ROWS_PER_PART..).zip(x.chunks_exact(f));
                users.map(|(u, x)| stored_loss(&objective, user_items, u, x, item_factors)).sum()
            })
            .collect();
        let by_item = user_items.transpose();
        let penalty = objective.penalty(user_items, user_items.columns(), user_factors, f)
            + objective.penalty(&by_item.view(), user_items.rows(), item_factors, f);
        let total = parts.iter().sum::<f64>() + objective.unobserved_weight * everyone + penalty;
        total / objective.total_weight(user_items)
    })
}

/// `Σ c (p − s)² − w0 s²` over the stored entries of one row, `s` being their scores.
fn stored_loss<T: Real>(
    objective: &Objective,
    user_items: &CsrView<'_, T>,
    u: usize,
    x: &[T],
    item_factors: &[T],
) -> f64 {
    let f = x.len();
    let row = user_items.row(u);
    let entries = row.indices.iter().zip(row.values);
    entries
        .map(|(&i, r)| {
            let entry = objective.entry(r.to_f64());
            let score = kernel::dot(x, &item_factors[i as usize * f..(i as usize + 1) * f]).to_f64();
            // c (p − s)² − w0 s² = (c − w0) s² − 2 c p s + c p², as p is 0 or 1.
            entry.weight * score * score - 2.0 * entry.target * score + entry.target
        })
        .sum()
}
