//! Candidates in panels of bytes, as the screen takes them.

use rayon::prelude::*;

use crate::dense::DenseView;
use crate::kernel::{
    self, Buffer, Half, OFFSET, PANEL, Real, Screen, Simd, WithSimd, bytes, panel_at, place,
};
use crate::rank::rounding::{Balance, Extent, round, shortened};

/// The candidates of an index, each times a number where there are `scales`.
#[derive(Clone, Copy)]
pub(crate) struct Given<'a, T> {
    pub(crate) rows: DenseView<'a, T>,
    pub(crate) scales: Option<&'a [f64]>,
    pub(crate) balance: &'a Balance,
}

impl<T: Real> Given<'_, T> {
    /// A candidate in balance.
    #[inline(always)]
    fn put(&self, id: i32, out: &mut [f64]) {
        let scale = self.scales.map_or(1.0, |scales| scales[id as usize]);
        let row = self.balance.candidate(self.rows.row(id as usize), scale);
        out.iter_mut().zip(row).for_each(|(out, value)| *out = value);
    }

    /// The candidates from the longest to the shortest, what is no number before all others.
    pub(crate) fn falling(&self) -> Vec<i32> {
        let f = self.rows.columns();
        // Norms are not negative, so their bits are in their order. In f32 and with the id they are a key that is compared
        // fast: candidates whose norms round to the same number may be in any order, as a panel's reach is that of all
        // behind it.
        let mut keys: Vec<u64> = (0..self.rows.rows())
            .into_par_iter()
            .map_init(
                || vec![0.0; f],
                |row, id| {
                    self.put(id as i32, row);
                    let norm = kernel::dispatch(Norm(row)).abs() as f32;
                    u64::from(!norm.to_bits()) << 32 | id as u64
                },
            )
            .collect();
        keys.par_sort_unstable();
        keys.par_iter().map(|&key| key as u32 as i32).collect()
    }
}

struct Norm<'a>(&'a [f64]);

impl WithSimd for Norm<'_> {
    type Output = f64;
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> f64 {
        Extent::of(self.0).norm
    }
}

/// What holds for all candidates of a panel.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct About {
    /// How many units 1 has.
    pub(crate) units: f64,
    /// The most that is left out of a candidate, in units; infinite if one is no number.
    pub(crate) rest: f64,
    /// The length of the longest, in units.
    pub(crate) length: f64,
    /// The norm of the longest in it and all panels after it.
    pub(crate) reach: f64,
}

/// All candidates, in an order of theirs.
pub(crate) struct Packed {
    /// Bytes of a candidate.
    width: usize,
    /// Panel after panel, from the start of a cache line on; what kind of integers the buffer is of does not matter.
    panels: Buffer<Half>,
    /// For each panel, [`Screen::starts`].
    starts: Vec<[u16; PANEL]>,
    pub(crate) about: Vec<About>,
    /// The largest norm that is a number.
    pub(crate) longest: f64,
}

impl Packed {
    pub(crate) fn new<T: Real>(given: Given<'_, T>, order: &[i32]) -> Self {
        let (f, count) = (given.rows.columns(), order.len().div_ceil(PANEL));
        let width = bytes(f);
        let mut panels = Buffer::<Half>::new::<f32>(count * PANEL * width / size_of::<Half>());
        let mut starts = vec![[0; PANEL]; count];
        let mut about = vec![About::default(); count];
        bytemuck::cast_slice_mut::<Half, i8>(panels.as_mut_slice())
            .par_chunks_mut(PANEL * width)
            .zip(&mut starts)
            .zip(&mut about)
            .zip(order.par_chunks(PANEL))
            .for_each_init(
                || vec![0.0; PANEL * f],
                |rows, (((panel, starts), about), ids)| {
                    let rows = &mut rows[..ids.len() * f];
                    *about = kernel::dispatch(Fill { given, ids, rows, panel, starts });
                },
            );
        let finite = about.iter().map(|about| about.reach).filter(|reach| reach.is_finite());
        let longest = finite.fold(0.0, f64::max);
        for panel in (1..count).rev() {
            about[panel - 1].reach = about[panel - 1].reach.max(about[panel].reach);
        }
        Self { width, panels, starts, about, longest }
    }

    /// A panel as the screen takes it.
    #[inline(always)]
    pub(crate) fn screen(&self, panel: usize) -> Screen<'_> {
        let size = PANEL * self.width;
        let bytes = bytemuck::cast_slice::<Half, i8>(self.panels.as_slice());
        Screen { panel: &bytes[panel * size..(panel + 1) * size], starts: &self.starts[panel] }
    }
}

/// Rounds candidates into a panel.
struct Fill<'a, T> {
    given: Given<'a, T>,
    ids: &'a [i32],
    /// Room for them as they are.
    rows: &'a mut [f64],
    panel: &'a mut [i8],
    starts: &'a mut [u16; PANEL],
}

impl<T: Real> WithSimd for Fill<'_, T> {
    type Output = About;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> About {
        let Self { given, ids, rows, panel, starts } = self;
        let f = given.rows.columns();
        let mut all = Extent::NOTHING;
        for (&id, row) in ids.iter().zip(rows.chunks_exact_mut(f)) {
            given.put(id, row);
            all = all.and(Extent::of(row));
        }
        let Some(units) = all.units_of_candidate() else {
            // Zeros, of which nothing is known: they always pass.
            return About { units: 1.0, rest: f64::INFINITY, length: 0.0, reach: f64::INFINITY };
        };
        let (units, rest) = shortened(units, |units| {
            let (mut longest, mut rest) = (0.0_f64, 0.0_f64);
            for (lane, row) in rows.chunks_exact(f).enumerate() {
                let mut sum = 0.0;
                let rounded = round(row, units, |k, integer| {
                    sum += integer;
                    panel[panel_at(lane, k)] = integer as i8;
                });
                starts[place(lane)] = (-f64::from(OFFSET) * sum) as i64 as u16;
                (longest, rest) = (longest.max(rounded.length), rest.max(rounded.rest));
            }
            (longest, rest)
        });
        About { units, rest, length: all.norm * units * (1.0 + 1e-9), reach: all.norm }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn candidates_fall_and_what_is_no_number_comes_first() {
        let rows = [0.0_f32, 3.0, f32::NAN, 0.0, 5.0, 0.0, f32::INFINITY, 1.0, 4.0, 4.0];
        let balance = Balance::none(2);
        let mut given = Given { rows: DenseView::of_rows(&rows, 2), scales: None, balance: &balance };
        assert_eq!(given.falling(), [1, 3, 4, 2, 0]);
        given.scales = Some(&[10.0, 1.0, 1.0, 1.0, 1.0]);
        assert_eq!(given.falling(), [1, 3, 0, 4, 2]);
    }

    #[test]
    fn reach_is_the_largest_norm_from_a_panel_on_and_infinite_for_what_is_no_number() {
        let count = 2 * PANEL;
        let order: Vec<i32> = (0..count as i32).collect();
        let reach = |nan: Option<usize>| {
            let mut rows: Vec<f32> = (0..count).map(|at| (count - at) as f32).collect();
            if let Some(at) = nan {
                rows[at] = f32::NAN;
            }
            let balance = Balance::none(1);
            let packed = Packed::new(
                Given { rows: DenseView::of_rows(&rows, 1), scales: None, balance: &balance },
                &order,
            );
            packed.about.iter().map(|about| about.reach.floor()).collect::<Vec<_>>()
        };
        let second = PANEL as f64;
        assert_eq!(reach(None), [count as f64, second]);
        assert_eq!(reach(Some(0)), [f64::INFINITY, second]);
        assert_eq!(reach(Some(PANEL)), [f64::INFINITY; 2]);
    }
}
