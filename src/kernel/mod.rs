//! The inner loops, and nothing else: no checks, no allocation, no threads.
//!
//! Callers have checked every length; a mismatch here is our own mistake and panics.
//! Sums run in a fixed order that depends on lengths alone, so equal inputs give equal bits.

mod real;

pub use real::Real;

/// How many partial sums a dot product keeps: enough for the compiler to use vector registers.
const LANES: usize = 16;

/// `a · b`
pub(crate) fn dot<T: Real>(a: &[T], b: &[T]) -> T {
    assert_eq!(a.len(), b.len(), "the lengths of a dot product");
    let (a_blocks, a_rest) = a.as_chunks::<LANES>();
    let (b_blocks, b_rest) = b.as_chunks::<LANES>();
    let mut sums = [T::ZERO; LANES];
    for (a, b) in a_blocks.iter().zip(b_blocks) {
        for lane in 0..LANES {
            sums[lane] += a[lane] * b[lane];
        }
    }
    let mut sum = T::ZERO;
    for (&a, &b) in a_rest.iter().zip(b_rest) {
        sum += a * b;
    }
    sums.iter().fold(sum, |sum, &lane| sum + lane)
}

/// `y += a x`
pub(crate) fn axpy<T: Real>(a: T, x: &[T], y: &mut [T]) {
    assert_eq!(x.len(), y.len(), "the lengths of an axpy");
    for (y, &x) in y.iter_mut().zip(x) {
        *y += a * x;
    }
}

/// `gram += Σ row rowᵀ` over rows of length `f`; the lower triangle of the row-major `gram` only.
pub(crate) fn gram<T: Real>(rows: &[T], f: usize, gram: &mut [f64]) {
    for row in rows.chunks_exact(f) {
        for (i, &left) in row.iter().enumerate() {
            let left = left.to_f64();
            for (sum, right) in gram[i * f..=i * f + i].iter_mut().zip(row) {
                *sum += left * right.to_f64();
            }
        }
    }
}

/// `out = rows · matrix`, all row-major, `matrix` being `f × f`.
pub(crate) fn rotate<T: Real>(rows: &[T], matrix: &[T], f: usize, out: &mut [T]) {
    assert_eq!(rows.len(), out.len(), "the lengths of a rotation");
    out.fill(T::ZERO);
    for (row, out) in rows.chunks_exact(f).zip(out.chunks_exact_mut(f)) {
        for (&x, line) in row.iter().zip(matrix.chunks_exact(f)) {
            axpy(x, line, out);
        }
    }
}
