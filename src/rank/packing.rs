//! Candidates in panels, as the screen takes them.

use rayon::prelude::*;

use crate::kernel::{Buffer, PANEL, Screen, padded};
use crate::rank::turning::norm_up;

/// The numbers of all candidates, in an order of theirs.
pub(crate) struct Packed {
    f: usize,
    /// How many coordinates are screened.
    pub(crate) depth: usize,
    /// Panel after panel, `depth × PANEL` numbers each.
    panels: Buffer<f32>,
    /// For each panel, `PANEL` norms of the other coordinates, rounded up.
    tails: Vec<f32>,
    /// The other coordinates of each candidate, in order, padded.
    rests: Buffer<f32>,
    /// For each panel, the largest `|ỹ|` and the largest `N_y` in it and all after it.
    pub(crate) reach: Vec<[f64; 2]>,
}

/// A panel that is filled, and the largest norms in it.
pub(crate) struct Panel<'a> {
    depth: usize,
    width: usize,
    heads: &'a mut [f32],
    tails: &'a mut [f32],
    rests: &'a mut [f32],
    reach: &'a mut [f64; 2],
}

impl Panel<'_> {
    /// Puts a turned candidate with these norms into its place.
    #[inline(always)]
    pub(crate) fn put(&mut self, lane: usize, row: &[f32], norms: [f64; 2]) {
        let (head, rest) = row.split_at(self.depth);
        for (k, &value) in head.iter().enumerate() {
            self.heads[k * PANEL + lane] = value;
        }
        self.rests[lane * self.width..][..rest.len()].copy_from_slice(rest);
        self.tails[lane] = norm_up(rest);
        // A NaN, from factors that overflow, is as large as can be.
        for (reach, norm) in self.reach.iter_mut().zip(norms) {
            *reach = if norm.is_nan() { f64::INFINITY } else { reach.max(norm) };
        }
    }
}

impl Packed {
    /// Packs candidates of `f` coordinates in this order; `fill` puts those with the given ids into a panel.
    pub(crate) fn new<W>(
        f: usize,
        depth: usize,
        order: &[i32],
        worker: impl Fn() -> W + Sync + Send,
        fill: impl Fn(&mut W, &[i32], Panel<'_>) + Sync + Send,
    ) -> Self {
        let (count, width) = (order.len().div_ceil(PANEL), padded(f - depth));
        let mut panels = Buffer::<f32>::new::<f32>(count * PANEL * depth);
        let mut tails = vec![0.0_f32; count * PANEL];
        let mut rests = Buffer::<f32>::new::<f32>(count * PANEL * width.max(1));
        let mut reach = vec![[0.0_f64; 2]; count];
        panels
            .as_mut_slice()
            .par_chunks_mut(PANEL * depth)
            .zip(tails.par_chunks_mut(PANEL))
            .zip(rests.as_mut_slice().par_chunks_mut(PANEL * width.max(1)))
            .zip(&mut reach)
            .zip(order.par_chunks(PANEL))
            .for_each_init(worker, |worker, ((((heads, tails), rests), reach), ids)| {
                fill(worker, ids, Panel { depth, width, heads, tails, rests, reach });
            });
        for panel in (1..count).rev() {
            for norm in 0..2 {
                reach[panel - 1][norm] = reach[panel - 1][norm].max(reach[panel][norm]);
            }
        }
        Self { f, depth, panels, tails, rests, reach }
    }

    /// A panel as the screen takes it.
    #[inline(always)]
    pub(crate) fn screen(&self, panel: usize) -> Screen<'_> {
        let size = PANEL * self.depth;
        Screen {
            panel: &self.panels.as_slice()[panel * size..(panel + 1) * size],
            depth: self.depth,
            tails: &self.tails[panel * PANEL..(panel + 1) * PANEL],
        }
    }

    /// The norm of the coordinates of the candidate at `position` in the order that are not screened, and those.
    #[inline(always)]
    pub(crate) fn rest(&self, position: usize) -> (f32, &[f32]) {
        let width = padded(self.f - self.depth);
        (self.tails[position], &self.rests.as_slice()[position * width..(position + 1) * width])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reach_is_the_largest_norm_from_a_panel_on_and_infinite_for_nan() {
        let (order, count): (Vec<i32>, usize) = ((0..2 * PANEL as i32).collect(), 2 * PANEL);
        let reach = |nan: Option<usize>| {
            let norms =
                |id: i32| if nan == Some(id as usize) { f64::NAN } else { (count as i32 - id).into() };
            let pack = |(): &mut (), ids: &[i32], mut panel: Panel<'_>| {
                ids.iter().enumerate().for_each(|(lane, &id)| panel.put(lane, &[1.0; 3], [norms(id); 2]));
            };
            Packed::new(3, 2, &order, || (), pack).reach
        };
        let second = (count - PANEL) as f64;
        assert_eq!(reach(None), [[count as f64; 2], [second; 2]]);
        assert_eq!(reach(Some(0)), [[f64::INFINITY; 2], [second; 2]]);
        assert_eq!(reach(Some(PANEL)), [[f64::INFINITY; 2]; 2]);
    }
}
