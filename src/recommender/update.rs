//! More events.

use std::path::PathBuf;

use super::{Fitted, Recommender};
use crate::error::Result;
use crate::gram::Gram;
use crate::interactions::{Format, Interactions, Rows};
use crate::models::als::AlternatingLeastSquares;
use crate::models::factors::Factors;
use crate::observer::Observer;
use crate::sparse::{CsrMatrix, CsrView};

/// By which part a weight that has faded may differ from one that was faded at once.
const ROUNDING: f64 = 1e-6;

impl Recommender {
    /// Adds more events. The users that they are about are solved for anew, and items that are new; everyone else stays as
    /// they are. After an error nothing has changed. For models with factors that were fitted without features.
    pub fn update(&mut self, events: &dyn Rows) -> Result<()> {
        let data = self.data.with_rows(events)?;
        self.take(data)
    }

    /// The same with events from files.
    pub fn update_from_files(
        &mut self,
        paths: &[PathBuf],
        format: &Format,
        observer: &dyn Observer,
    ) -> Result<()> {
        let data = self.data.with_files(paths, format, observer)?;
        self.take(data)
    }

    fn take(&mut self, data: Interactions) -> Result<()> {
        let (factors, parameters, gram) = self.solvable("be updated")?;
        let changed = changed_rows(&self.data.matrix(), &data.matrix(), data.faded_since(&self.data));
        let (factors, parameters, gram) = (
            updated(factors, (parameters, gram), &data.matrix(), &changed)?,
            parameters.clone(),
            gram.clone(),
        );
        let items_stay = factors.items() == self.data.items().len();
        let (parameters, texts) = (Box::new(parameters), self.texts.updated(&data));
        *self = Self::new(Fitted::Factors { factors, parameters, has_features: false }, data, texts)?;
        if items_stay {
            let _ = self.gram.set(gram);
        }
        Ok(())
    }
}

/// Factors with those of changed rows, and of new columns, solved for.
fn updated(
    factors: &Factors<f32>,
    (parameters, gram): (&AlternatingLeastSquares, &Gram),
    matrix: &CsrView<'_, f32>,
    changed: &[usize],
) -> Result<Factors<f32>> {
    let (f, known) = (factors.factors(), factors.items());
    let mut users = factors.user_factors().data().to_vec();
    users.resize(matrix.rows() * f, 0.0);
    // New items have no factors yet that users could be solved with, so users come again after them.
    let own = rows_of(matrix, changed.iter().copied(), known)?;
    let solved = parameters.fold_in_with(&own.view(), None, factors.item_factors(), gram, &())?;
    put(&mut users, f, changed, &solved);
    if matrix.columns() == known {
        return factors.with_sides(users, None);
    }
    let whole = Factors::new(f, users, factors.item_factors().data().to_vec())?;
    let by_item = matrix.transpose();
    let of_new = rows_of(&by_item.view(), known..matrix.columns(), matrix.rows())?;
    let mut items = whole.item_factors().data().to_vec();
    items.extend(parameters.fold_in(&of_new.view(), whole.user_factors())?);
    let mut users = whole.user_factors().data().to_vec();
    let whole = Factors::new(f, users.clone(), items)?;
    let own = rows_of(matrix, changed.iter().copied(), matrix.columns())?;
    put(&mut users, f, changed, &parameters.fold_in(&own.view(), whole.item_factors())?);
    whole.with_sides(users, None)
}

/// Puts rows of factors where they belong.
fn put(factors: &mut [f32], f: usize, rows: &[usize], solved: &[f32]) {
    for (&row, solution) in rows.iter().zip(solved.chunks_exact(f)) {
        factors[row * f..(row + 1) * f].copy_from_slice(solution);
    }
}

/// Some rows of a matrix, as far as they lie in its first columns.
pub(super) fn rows_of(
    matrix: &CsrView<'_, f32>,
    rows: impl Iterator<Item = usize>,
    columns: usize,
) -> Result<CsrMatrix<f32>> {
    let (mut indptr, mut indices, mut values) = (vec![0], Vec::new(), Vec::new());
    for row in rows {
        let row = matrix.row(row);
        let length = row.indices.partition_point(|&column| (column as usize) < columns);
        indices.extend_from_slice(&row.indices[..length]);
        values.extend_from_slice(&row.values[..length]);
        indptr.push(indices.len() as i64);
    }
    CsrMatrix::new(columns, indptr, indices, values)
}

/// The rows that are new or not what they were, but for a factor that all have in common.
#[allow(clippy::float_cmp, reason = "where nothing fades, what differs in any bit has changed")]
fn changed_rows(before: &CsrView<'_, f32>, after: &CsrView<'_, f32>, faded_by: f64) -> Vec<usize> {
    let differs = |(&old, &new): (&f32, &f32)| {
        if faded_by == 1.0 {
            return old != new;
        }
        // The last bit of a product may differ.
        let faded = (f64::from(old) * faded_by) as f32;
        let allowed = (ROUNDING * f64::from(new.abs())).max(f64::from(f32::from_bits(1)));
        f64::from((faded - new).abs()) > allowed
    };
    let changed = |&row: &usize| {
        row >= before.rows() || {
            let (old, new) = (before.row(row), after.row(row));
            old.indices != new.indices || old.values.iter().zip(new.values).any(differs)
        }
    };
    (0..after.rows()).filter(changed).collect()
}
