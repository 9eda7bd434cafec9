//! Every instruction set that this CPU has, against plain loops in f64.
//!
//! The tolerance is what rounding can do: each result is a sum of products whose absolute values add up to
//! `size`, and each product and sum is rounded once, so the error stays below `terms · ε · size`.

use proptest::prelude::*;
use pulp::{Simd, WithSimd};

use super::cpu::{on, supported};
use super::lanes::{load, store};
use super::stored::{read, write};
use super::{
    Gathered, Half, Pass, Real, Stored, WIDTH, dot, gram, pack, padded, pass_scratch, products, rotate,
    vector,
};

fn numbers<T: Real>(count: usize, seed: u64) -> Vec<T> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(1);
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        T::from_f64((state >> 11) as f64 / (1_u64 << 53) as f64 - 0.5)
    };
    (0..count).map(|_| next()).collect()
}

fn assert_close<T: Real>(actual: T, expected: f64, size: f64, terms: usize) {
    let bound = 4.0 * terms as f64 * T::EPSILON.to_f64() * size + 1e-30;
    let error = (actual.to_f64() - expected).abs();
    assert!(error <= bound, "{actual} is {error:e} from {expected}, more than {bound:e}");
}

/// Two passes, the second one over what the first has kept if it fits; then the scores alone.
struct Passes<'a, T, G> {
    entries: Gathered<'a, T, G>,
    scratch: &'a mut [T],
    v: &'a [T],
    out: [&'a mut [T]; 2],
    scores: [&'a mut [T]; 3],
}

impl<T: Real, G: Stored<T>> WithSimd for Passes<'_, T, G> {
    type Output = ();
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { entries, scratch, v, out: [first, second], scores: [s, t, u] } = self;
        let mut ahead = entries.ahead(&[1, 0], 1);
        let mut pass = Pass::new(entries, &mut ahead, scratch);
        pass.make(simd, v, s, Some((T::from_f64(0.75), first)));
        pass.make(simd, v, t, Some((T::from_f64(0.75), second)));
        pass.make(simd, v, u, None);
    }
}

/// `widen` says what a stored number is worth.
fn check_pass<T: Real, G: Stored<T>>(fixed: &[G], widen: impl Fn(G) -> f64, f: usize, n: usize) {
    let width = padded(f);
    let rows = fixed.len() / width;
    let indices: Vec<i32> = (0..n).map(|j| ((j * 7 + 3) % rows) as i32).collect();
    let (mut d, mut t): (Vec<T>, Vec<T>) = (numbers(n, 2), numbers(n, 3));
    d.resize(padded(n), T::ZERO);
    t.resize(padded(n), T::ZERO);
    let (v, start): (Vec<T>, Vec<T>) = (numbers(width, 4), numbers(width, 5));
    let (mut expected, mut sizes) = (start.iter().map(|x| x.to_f64()).collect::<Vec<_>>(), vec![1.0; width]);
    let mut expected_scores = Vec::new();
    for (j, &index) in indices.iter().enumerate() {
        let z: Vec<f64> = fixed[index as usize * width..][..width].iter().map(|&z| widen(z)).collect();
        let score: f64 = z.iter().zip(&v).map(|(z, v)| z * v.to_f64()).sum();
        let size: f64 = z.iter().zip(&v).map(|(z, v)| (z * v.to_f64()).abs()).sum();
        let (d, t) = (d[j].to_f64(), t[j].to_f64());
        expected_scores.push((score, size));
        for k in 0..width {
            expected[k] += (0.75 * t - d * score) * z[k];
            sizes[k] += (t.abs() + d.abs() * size) * z[k].abs();
        }
    }
    for (_, arch) in supported() {
        for scratch in pass_scratch::<T>(width) {
            let mut out = [start.clone(), start.clone()];
            let mut scores = [(); 3].map(|()| vec![T::ZERO; padded(n)]);
            on(
                arch,
                Passes {
                    entries: Gathered::new(fixed, width, &indices, &d, &t),
                    scratch: &mut vec![T::NAN; scratch],
                    v: &v,
                    out: out.each_mut().map(|out| &mut out[..]),
                    scores: scores.each_mut().map(|scores| &mut scores[..]),
                },
            );
            for scores in scores {
                for (score, &(expected, size)) in scores.into_iter().zip(&expected_scores) {
                    assert_close(score, expected, size, width);
                }
            }
            for out in out {
                for k in 0..width {
                    assert_close(out[k], expected[k], sizes[k], width + n);
                }
            }
        }
    }
}

struct SumTargets<'a, T, G>(Gathered<'a, T, G>, &'a mut [T]);

impl<T: Real, G: Stored<T>> WithSimd for SumTargets<'_, T, G> {
    type Output = ();
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        self.0.sum_targets(simd, &mut self.0.ahead(&[1, 0, 2], 1), self.1);
    }
}

#[test]
fn gathered_rows_are_summed_on_every_arch() {
    for (width, n) in [(16, 1), (32, 3), (48, 4), (64, 7), (112, 6), (144, 5), (272, 33)] {
        let fixed: Vec<f32> = numbers(9 * width, 1);
        let indices: Vec<i32> = (0..n).map(|j| (j * 7 % 9) as i32).collect();
        let mut t: Vec<f32> = numbers(n, 3);
        t.resize(padded(n), 0.0);
        for (name, arch) in supported() {
            let mut out = vec![f32::NAN; width];
            on(arch, SumTargets(Gathered::new(&fixed, width, &indices, &t, &t), &mut out));
            for (k, out) in out.into_iter().enumerate() {
                let terms =
                    || (0..n).map(|j| f64::from(t[j]) * f64::from(fixed[indices[j] as usize * width + k]));
                assert_close(out, terms().sum(), terms().map(f64::abs).sum(), n + 4);
                assert!(!out.is_nan(), "{name}");
            }
        }
    }
}

struct Rotate<'a, T>(&'a [T], &'a [T], usize, &'a mut [T]);

impl<T: Real> WithSimd for Rotate<'_, T> {
    type Output = ();
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        rotate(simd, self.0, self.1, self.2, self.3);
    }
}

struct Gram<'a, T>(&'a [T], &'a [T], usize, &'a mut [f64]);

impl<T: Real> WithSimd for Gram<'_, T> {
    type Output = ();
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        gram(simd, self.0, self.1, self.2, self.3);
    }
}

fn check_dense<T: Real>(f: usize, count: usize) {
    let width = padded(f);
    let (rows, matrix): (Vec<T>, Vec<T>) = (numbers(count * f, 6), numbers(f * f, 7));
    let mut panels = vec![T::ZERO; f * width];
    pack(&matrix, f, &mut panels);
    let mut packed = vec![T::ZERO; count * width];
    pack(&rows, f, &mut packed);
    for (_, arch) in supported() {
        let mut out = vec![T::NAN; count * width];
        on(arch, Rotate(&rows, &panels, f, &mut out));
        for i in 0..count {
            for j in 0..width {
                let terms = (0..f).map(|k| match j {
                    j if j < f => rows[i * f + k].to_f64() * matrix[k * f + j].to_f64(),
                    _ => 0.0,
                });
                let size = terms.clone().map(f64::abs).sum();
                assert_close(out[i * width + j], terms.sum(), size, f);
            }
        }
        let mut sum = vec![1.0; width * width];
        on(arch, Gram(&packed, &packed, count, &mut sum));
        for i in 0..f {
            for j in 0..=i {
                let terms = (0..count).map(|k| rows[k * f + i].to_f64() * rows[k * f + j].to_f64());
                let size = 1.0 + terms.clone().map(f64::abs).sum::<f64>();
                assert_close(T::from_f64(sum[i * width + j]), 1.0 + terms.sum::<f64>(), size, count);
            }
        }
    }
}

struct RoundTrip<'a>(&'a [f32], &'a mut [Half], &'a mut [f32]);

impl WithSimd for RoundTrip<'_> {
    type Output = ();
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        for at in (0..self.0.len()).step_by(S::F32_LANES) {
            write::<S, f32, Half>(simd, self.1, at, load::<S, f32>(self.0, at));
            let back = read::<S, f32, Half>(simd, self.1, at);
            store::<S, f32>(self.2, at, back);
        }
    }
}

struct Steps<'a, T>(&'a [T], &'a [T], [&'a mut [T]; 3]);

impl<T: Real> WithSimd for Steps<'_, T> {
    type Output = [T; 4];
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> [T; 4] {
        let Steps(a, b, [x, r, z]) = self;
        vector::axpy(simd, T::from_f64(0.5), a, x);
        let product = vector::multiply(simd, a, b, r);
        vector::direct(simd, T::from_f64(-2.0), a, b, x, z);
        let step = vector::advance(simd, T::from_f64(0.25), [a, b, a], [x, r, z]);
        [product, step, vector::dot(simd, a, b), vector::weighted_square(simd, a, b)]
    }
}

struct Products<'a, T>(&'a [&'a [T]], &'a [&'a [T]]);

impl<T: Real> WithSimd for Products<'_, T> {
    type Output = Vec<(usize, usize, T)>;
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Self::Output {
        let mut found = Vec::new();
        products(simd, self.0, self.1, |m, n, product| found.push((m, n, product)));
        found
    }
}

fn check_products<T: Real>(f: usize, rows: usize, columns: usize, seed: u64) -> Result<(), TestCaseError> {
    let (rows, columns) = (numbers::<T>(rows * f, seed), numbers::<T>(columns * f, seed ^ 1));
    // Without coordinates there are no vectors either.
    let [rows, columns] = [&rows, &columns].map(|all| all.chunks(f.max(1)).collect::<Vec<_>>());
    for (_, arch) in supported() {
        let mut found = on(arch, Products(&rows, &columns));
        prop_assert_eq!(found.len(), rows.len() * columns.len());
        found.sort_by_key(|&(m, n, _)| (m, n));
        for (at, (m, n, product)) in found.into_iter().enumerate() {
            prop_assert_eq!((m, n), (at / columns.len(), at % columns.len()));
            prop_assert_eq!(product.to_f64().to_bits(), dot(rows[m], columns[n]).to_f64().to_bits());
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn many_dot_products_have_the_bits_of_each(
        length in 0..70_usize, rows in 0..11_usize, columns in 0..11_usize, seed in any::<u64>(),
    ) {
        check_products::<f32>(length, rows, columns, seed)?;
        check_products::<f64>(length, rows, columns, seed)?;
    }

    #[test]
    fn a_pass_is_the_sum_it_says(f in 1_usize..300, n in 0_usize..150) {
        let width = padded(f);
        let singles: Vec<f32> = numbers(11 * width, 1);
        check_pass::<f32, f32>(&singles, f64::from, f, n);
        let doubles: Vec<f64> = numbers(11 * width, 1);
        check_pass::<f64, f64>(&doubles, |z| z, f, n);
        let halves: Vec<Half> = singles.iter().map(|&z| half::f16::from_f32(z).to_bits()).collect();
        check_pass::<f32, Half>(&halves, |z| half::f16::from_bits(z).to_f64(), f, n);
    }

    #[test]
    fn rotations_and_gram_matrices_are_the_products_they_say(f in 1_usize..70, count in 0_usize..40) {
        check_dense::<f32>(f, count);
        check_dense::<f64>(f, count);
    }

    #[test]
    fn halves_are_rounded_to_nearest_even_on_every_arch(
        values in prop::collection::vec(-70_000.0_f32..70_000.0, WIDTH),
        shift in 0_i32..40,
    ) {
        let values: Vec<f32> = values.iter().map(|x| x * 2.0_f32.powi(-shift)).collect();
        for (_, arch) in supported() {
            let (mut stored, mut back) = (vec![0; WIDTH], vec![0.0; WIDTH]);
            on(arch, RoundTrip(&values, &mut stored, &mut back));
            for (k, &value) in values.iter().enumerate() {
                let expected = half::f16::from_f32(value);
                prop_assert_eq!(stored[k], expected.to_bits());
                prop_assert_eq!(back[k].to_bits(), expected.to_f32().to_bits());
            }
        }
    }

    #[test]
    fn vector_steps_agree_on_every_arch(panels in 1_usize..6) {
        let n = panels * WIDTH;
        let (a, b): (Vec<f64>, Vec<f64>) = (numbers(n, 8), numbers(n, 9));
        let mut x: Vec<f64> = numbers(n, 10);
        let (mut expected_r, mut sums) = (vec![0.0; n], [0.0; 4]);
        let mut expected_z = vec![0.0; n];
        for k in 0..n {
            sums[0] += a[k] * b[k] * b[k];
            sums[2] += a[k] * b[k];
            sums[3] += a[k] * b[k] * b[k];
            x[k] = a[k] - 2.0 * (x[k] + 0.5 * a[k]) + 0.25 * a[k];
            expected_r[k] = a[k] * b[k] + 0.25 * b[k];
            expected_z[k] = a[k] * expected_r[k];
            sums[1] += expected_r[k] * expected_z[k];
        }
        for (_, arch) in supported() {
            let (mut actual, mut r, mut z): (Vec<f64>, _, _) = (numbers(n, 10), vec![0.0; n], vec![0.0; n]);
            let found = on(arch, Steps(&a, &b, [&mut actual, &mut r, &mut z]));
            for k in 0..4 {
                assert_close(found[k], sums[k], n as f64, n);
            }
            for k in 0..n {
                assert_close(actual[k], x[k], 4.0, 8);
                assert_close(r[k], expected_r[k], 4.0, 8);
                assert_close(z[k], expected_z[k], 4.0, 8);
            }
        }
    }
}

#[test]
#[should_panic(expected = "an index of a gathered row")]
fn an_index_past_the_last_row_never_reaches_a_kernel() {
    let _ = Gathered::<f32, f32>::new(&[0.0; 32], 16, &[2], &[1.0; 16], &[1.0; 16]);
}

#[test]
#[should_panic(expected = "an index of a gathered row")]
fn a_negative_index_never_reaches_a_kernel() {
    let _ = Gathered::<f32, f32>::new(&[0.0; 32], 16, &[-1], &[1.0; 16], &[1.0; 16]);
}
