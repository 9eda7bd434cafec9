//! The basis in which a search looks at a few coordinates and bounds the rest.
//!
//! For any invertible `A`, scores are `x·y = (x A)·(y A⁻ᵀ)`. The singular value decomposition of all scores,
//! `X Yᵀ = U Σ Vᵀ`, gives the `A` with which both sides have the Gram matrix `Σ`: no other choice lets fewer
//! coordinates carry as much of all scores. It comes from two Gram matrices, without the scores. With the Cholesky
//! factors `XᵀX = L Lᵀ` and `YᵀY = M Mᵀ`, and `LᵀM = P Σ Rᵀ`:  `A = L⁻ᵀ P √Σ`,  `B = A⁻ᵀ = M⁻ᵀ R √Σ`.

use faer::linalg::solvers::Solve;
use faer::{Mat, Side};

use crate::dense::DenseView;
use crate::gram::gram;
use crate::kernel::{Real, Simd, pack, padded, rotate};

/// The unit roundoff of f64.
const U: f64 = f64::EPSILON / 2.0;

/// Both changes of variables, and how far they are from leaving scores alone.
#[derive(Clone)]
pub(crate) struct Basis {
    f: usize,
    /// `A` for queries, row-major, and `B` for candidates, in panels; none for the basis that the factors have.
    queries: Option<Vec<f64>>,
    candidates: Option<Vec<f64>>,
    /// `κ`: a product of two turned rows (before they are rounded to f32) differs from that of the rows by at
    /// most `κ` times the larger norms of either pair.
    pub(crate) distortion: f64,
}

impl Basis {
    /// The basis in which a few coordinates say most, or the factors' own where that is numerically poor.
    pub(crate) fn new<T: Real>(queries: DenseView<'_, T>, candidates: DenseView<'_, T>) -> Self {
        let f = candidates.columns();
        Self::balanced(queries, candidates).filter(|basis| basis.distortion <= 1e-7).unwrap_or(Self {
            f,
            queries: None,
            candidates: None,
            distortion: 0.0,
        })
    }

    fn balanced<T: Real>(queries: DenseView<'_, T>, candidates: DenseView<'_, T>) -> Option<Self> {
        let f = candidates.columns();
        let root = |side: DenseView<'_, T>| {
            let gram = gram(side.data(), f);
            let trace: f64 = (0..f).map(|k| gram[k * f + k]).sum();
            // A little of everything, so that factors of lower rank have a Cholesky factor as well.
            let shift = |i, j| if i == j { 1e-9 * trace } else { 0.0 };
            let gram = Mat::from_fn(f, f, |i, j| gram[i * f + j] + shift(i, j));
            if !trace.is_finite() || trace <= 0.0 {
                return None;
            }
            Some(gram.llt(Side::Lower).ok()?.L().to_owned())
        };
        let (l, m) = (root(queries)?, root(candidates)?);
        let svd = (l.transpose() * &m).svd().ok()?;
        let roots: Vec<f64> = svd.S().column_vector().iter().map(|s| s.sqrt()).collect();
        let scaled = |vectors: faer::MatRef<'_, f64>| Mat::from_fn(f, f, |i, j| vectors[(i, j)] * roots[j]);
        let solve = |root: &Mat<f64>, right: Mat<f64>| root.transpose().partial_piv_lu().solve(right);
        let (a, b) = (solve(&l, scaled(svd.U())), solve(&m, scaled(svd.V())));
        let product = &a * b.transpose();
        let (norm_a, norm_b) = (a.norm_l2(), b.norm_l2());
        let error = (product - Mat::<f64>::identity(f, f)).norm_l2();
        // |x·y − xA·yB| ≤ |ABᵀ − I| |x||y|. The matrix, this evaluation of it and the turned rows are sums of f
        // products in f64, each off by at most f U times the norms of what is multiplied.
        let rounding = 2.0 * (f as f64 + 2.0) * U * (1.0 + norm_a + norm_b + norm_a * norm_b);
        let row_major =
            |matrix: &Mat<f64>| -> Vec<f64> { (0..f * f).map(|at| matrix[(at / f, at % f)]).collect() };
        let mut panels = vec![0.0; f * padded(f)];
        pack(&row_major(&b), f, &mut panels);
        let basis =
            Self { f, queries: Some(row_major(&a)), candidates: Some(panels), distortion: error + rounding };
        basis.distortion.is_finite().then_some(basis)
    }

    /// `out = x A` for a query, rounded to f32. `wide` is scratch.
    #[inline(always)]
    pub(crate) fn turn_query<T: Real>(&self, x: &[T], scale: f64, wide: &mut Vec<f64>, out: &mut [f32]) {
        wide.clear();
        match &self.queries {
            None => wide.extend(x.iter().map(|x| x.to_f64() * scale)),
            Some(matrix) => {
                wide.resize(self.f, 0.0);
                for (x, matrix) in x.iter().zip(matrix.chunks_exact(self.f)) {
                    let x = x.to_f64() * scale;
                    for (sum, value) in wide.iter_mut().zip(matrix) {
                        *sum += x * value;
                    }
                }
            }
        }
        for (out, &value) in out.iter_mut().zip(&*wide) {
            *out = value as f32;
        }
    }

    /// `out = y B` for candidates, row after row, which are padded in `out`.
    #[inline(always)]
    pub(crate) fn turn_candidates<S: Simd>(&self, simd: S, y: &[f64], out: &mut [f64]) {
        let f = self.f;
        match &self.candidates {
            None => {
                for (y, out) in y.chunks_exact(f).zip(out.chunks_exact_mut(padded(f))) {
                    out[..f].copy_from_slice(y);
                }
            }
            Some(panels) => rotate(simd, y, panels, f, out),
        }
    }
}
