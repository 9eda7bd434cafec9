//! EASE among the nearest neighbours of each item: for catalogues whose dense inverse would not fit.

use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::cholesky::llt;
use faer::linalg::triangular_solve::{solve_lower_triangular_in_place, solve_upper_triangular_in_place};
use faer::{MatMut, Par};

use crate::error::{Error, Result};
use crate::kernel::Real;
use crate::models::check;
use crate::models::regressions::{Products, regressions};
use crate::models::similarity::{ItemSimilarity, LearnsSimilarity};
use crate::observer::Observer;
use crate::pool;
use crate::sparse::{CsrMatrix, CsrView, Row};

/// [`Ease`](crate::Ease) in which each item is a linear combination of its nearest neighbours alone.
///
/// Column `j` of the weights minimizes `|x_j − X_S w|² + λ |w|²`, in which `S` are the items that are most like `j` by
/// the cosine: the ridge regression of EASE (Steck 2019) with the features chosen as in fsSLIM (Ning and Karypis
/// 2011). With all items as neighbours it is EASE, if every two of them have a user in common; items without one are
/// never neighbours. It takes time in proportion to the number of items, and the memory
/// of those products of items that are not 0.
///
/// ```
/// use penchant::{CsrMatrix, Model, SparseEase};
/// let plays = CsrMatrix::from_triplets(2, 2, &[(0, 0, 1.0_f32), (0, 1, 1.0), (1, 1, 1.0)])?;
/// let model = SparseEase::new(1.0, 100).fit(&plays.view())?;
/// assert_eq!(model.similarity().values().iter().map(|w| (w * 100.0).round()).collect::<Vec<_>>(), [50.0, 33.0]);
/// # Ok::<(), penchant::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct SparseEase {
    regularization: f64,
    neighbours: usize,
    threads: usize,
}

impl SparseEase {
    /// With this λ, which must be above 0, and so many neighbours of each item.
    #[must_use]
    pub fn new(regularization: f64, neighbours: usize) -> Self {
        Self { regularization, neighbours, threads: 0 }
    }

    /// The number of threads; 0, the default, means all that this process may use.
    #[must_use]
    pub fn threads(self, threads: usize) -> Self {
        Self { threads, ..self }
    }

    /// Checks every parameter.
    pub(crate) fn check(&self) -> Result<()> {
        check::above_zero("regularization", self.regularization)?;
        check::at_least_one("K", self.neighbours)?;
        check::threads(self.threads)
    }

    /// Finds the weights of the columns (items) of `user_items`.
    pub fn fit<T: Real>(&self, user_items: &CsrView<'_, T>) -> Result<ItemSimilarity<T>> {
        ItemSimilarity::new(user_items.rows(), self.learn(user_items, &())?)
    }
}

impl LearnsSimilarity for SparseEase {
    fn learn<T: Real>(&self, user_items: &CsrView<'_, T>, observer: &dyn Observer) -> Result<CsrMatrix<T>> {
        self.check()?;
        user_items.check_finite()?;
        let k = self.neighbours.min(user_items.columns().max(1));
        pool::run(self.threads, || {
            regressions(user_items, observer, Ridge::default, |ridge, products, item| {
                let nearest = nearest(products, item, k);
                let weights = ridge.solve(&products.matrix, item, &nearest, self.regularization)?;
                let weights = weights.iter().map(|&weight| T::from_f64(weight)).collect();
                Ok((nearest, weights))
            })
        })?
    }
}

/// The `k` others most like an item by the absolute cosine, in the order of ids; of equal ones the smaller.
fn nearest<T: Real>(products: &Products<'_, T>, item: usize, k: usize) -> Vec<i32> {
    let row = products.matrix.row(item);
    let others = row.indices.iter().zip(row.values).filter(|&(&other, _)| other as usize != item);
    let mut alike: Vec<(f64, i32)> = others
        .map(|(&other, product)| {
            // The length of the item itself is the same for all.
            let length = products.diagonal[other as usize].sqrt();
            (if length > 0.0 { product.to_f64().abs() / length } else { 0.0 }, other)
        })
        .collect();
    if alike.len() > k {
        alike.select_nth_unstable_by(k - 1, |a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        alike.truncate(k);
    }
    let mut ids: Vec<i32> = alike.into_iter().map(|(_, id)| id).collect();
    ids.sort_unstable();
    ids
}

/// What a thread needs for its regressions; it grows with them.
#[derive(Default)]
struct Ridge {
    matrix: Vec<f64>,
    weights: Vec<f64>,
    buffer: Option<MemBuffer>,
}

impl Ridge {
    /// `(G_SS + λ I)⁻¹ G_Sj` for the neighbours `S` of an item `j`.
    fn solve<T: Real>(
        &mut self,
        gram: &CsrView<'_, T>,
        item: usize,
        neighbours: &[i32],
        regularization: f64,
    ) -> Result<&[f64]> {
        let k = neighbours.len();
        if k > self.weights.len() {
            let request = llt::factor::cholesky_in_place_scratch::<f64>(k, Par::Seq, faer::Spec::default());
            self.buffer = Some(MemBuffer::new(request));
            self.weights.resize(k, 0.0);
            self.matrix.resize(k * k, 0.0);
        }
        let Some(buffer) = &mut self.buffer else { return Ok(&[]) };
        let (matrix, weights) = (&mut self.matrix[..k * k], &mut self.weights[..k]);
        matrix.fill(0.0);
        for (at, &neighbour) in neighbours.iter().enumerate() {
            weights[at] = gram.value(item, neighbour as usize).to_f64();
            common(gram.row(neighbour as usize), &neighbours[at..], |other, product| {
                matrix[at * k + at + other] = product.to_f64();
            });
            matrix[at * k + at] += regularization;
        }
        // Column-major for faer, which reads the lower triangle.
        let mut matrix = MatMut::from_column_major_slice_mut(matrix, k, k);
        let (regularization, spec) = (llt::factor::LltRegularization::default(), faer::Spec::default());
        let stack = MemStack::new(buffer);
        llt::factor::cholesky_in_place(matrix.as_mut(), regularization, Par::Seq, stack, spec)
            .map_err(|_| Error::NotPositiveDefinite)?;
        let mut right = MatMut::from_column_major_slice_mut(&mut *weights, k, 1);
        let factor = matrix.as_ref();
        solve_lower_triangular_in_place(factor, right.as_mut(), Par::Seq);
        solve_upper_triangular_in_place(factor.transpose(), right, Par::Seq);
        Ok(weights)
    }
}

/// Calls `found` with the place of each id of `ids`, which increase, that is in a row, and its value there.
fn common<T: Real>(row: Row<'_, T>, ids: &[i32], mut found: impl FnMut(usize, T)) {
    let mut rest = row;
    for (at, &id) in ids.iter().enumerate() {
        // Steps that double, then a binary search: ids are few among those of a row, or follow each other.
        let mut step = 1;
        while step < rest.indices.len() && rest.indices[step] < id {
            step *= 2;
        }
        let end = rest.indices.len().min(step + 1);
        let skipped = rest.indices[..end].partition_point(|&other| other < id);
        rest = Row { indices: &rest.indices[skipped..], values: &rest.values[skipped..] };
        match rest.indices.first() {
            Some(&first) if first == id => found(at, rest.values[0]),
            Some(_) => {}
            None => return,
        }
    }
}
