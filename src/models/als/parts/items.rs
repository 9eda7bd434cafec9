//! What a worker does for items: passes over the entries that it has, and whole solutions where it has all of them.

use std::ops::Range;

use crate::kernel::{Ahead, Buffer, GROUP, Pass, Real, Simd, Stored, WithSimd, padded, pass_scratch};
use crate::models::als::basis::Basis;
use crate::models::als::objective::Objective;
use crate::models::als::parts::iteration::{Given, Next, Numbers, Scalars, Scratch, Steps, Vectors};
use crate::models::als::parts::tree::Sum;
use crate::models::als::side::prefetch_distance;
use crate::models::als::system::{Fixed, System};
use crate::sparse::CsrView;

/// What is wanted for an item, and with which vector.
#[derive(Clone, Copy)]
pub(super) struct Task<'a, T> {
    pub(super) item: usize,
    pub(super) kind: Kind,
    pub(super) vector: &'a [T],
    /// `Σ c p²`, for solutions.
    pub(super) constant: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// The sums of the first pass, over the start.
    Start,
    /// Those of a later one.
    Step(Next),
    /// The solution, from the start: all entries are here.
    Solution,
}

/// Answers to tasks, in their order.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Answers<T> {
    /// For each node of shared items where one was wanted, and the solutions of others; rows of the padded length.
    pub(crate) vectors: Vec<T>,
    /// For each node of shared items `Σ t s` and `Σ d s²`; for others `2 b·x − x·A x` and the load.
    pub(crate) scalars: Vec<[f64; 2]>,
}

impl<T> Answers<T> {
    pub(super) fn new() -> Self {
        Self { vectors: Vec::new(), scalars: Vec::new() }
    }

    pub(super) fn append(&mut self, mut other: Self) {
        self.vectors.append(&mut other.vectors);
        self.scalars.append(&mut other.scalars);
    }
}

/// The entries of a worker by items, and what is the same for all of them.
#[derive(Clone, Copy)]
pub(super) struct Entries<'a, T> {
    /// Items by this worker's users.
    pub(super) rows: &'a CsrView<'a, T>,
    /// The leaf of each of the users.
    pub(super) leaf_of: &'a [u16],
    /// The nodes that this worker's leaves are.
    pub(super) cover: &'a [Range<usize>],
    pub(super) objective: &'a Objective,
    pub(super) basis: &'a Basis,
    /// The number of users of all workers.
    pub(super) users: usize,
    pub(super) steps: Steps,
}

/// What a thread needs: allocated once, used for many items.
pub(super) struct Hands<'a, T, G> {
    system: System<'a, T, G>,
    scores: Vec<T>,
    rows: Buffer<T>,
    segments: Segments<T>,
    tree: Sum<T>,
    scalar_tree: Sum<f64>,
    /// The vectors of a solution, and their scratch.
    own: [Vec<T>; 4],
    scratch: Scratch<T>,
}

/// The entries of an item by leaves, and the sums of each.
struct Segments<T> {
    leaves: Vec<usize>,
    ends: Vec<usize>,
    vectors: Vec<T>,
    scalars: Vec<[f64; 2]>,
}

impl<T: Real> Segments<T> {
    fn cut(&mut self, users: &[i32], leaf_of: &[u16], width: usize) {
        self.leaves.clear();
        self.ends.clear();
        for (at, &user) in users.iter().enumerate() {
            let leaf = usize::from(leaf_of[user as usize]);
            if self.leaves.last() == Some(&leaf) {
                self.ends.pop();
            } else {
                self.leaves.push(leaf);
            }
            self.ends.push(at + 1);
        }
        self.vectors.resize(self.ends.len() * width, T::ZERO);
    }

    /// The scalars of all segments, from the scores.
    fn sum_scalars(&mut self, weights: &[T], targets: &[T], scores: &[T]) {
        self.scalars.clear();
        let mut start = 0;
        for &end in &self.ends {
            let mut sums = [0.0; 2];
            for at in start..end {
                let (s, d, t) = (scores[at].to_f64(), weights[at].to_f64(), targets[at].to_f64());
                sums[0] += t * s;
                sums[1] += d * s * s;
            }
            self.scalars.push(sums);
            start = end;
        }
    }
}

impl<'a, T: Real, G: Stored<T>> Hands<'a, T, G> {
    pub(super) fn new(fixed: Fixed<'a, G>) -> Self {
        let width = fixed.width;
        let vector = || vec![T::ZERO; width];
        Self {
            system: System::new(fixed),
            scores: Vec::new(),
            rows: Buffer::new::<T>(pass_scratch::<T>(width)[1]),
            segments: Segments { leaves: vec![], ends: vec![], vectors: vec![], scalars: vec![] },
            tree: Sum::new(width),
            scalar_tree: Sum::new(2),
            own: [vector(), vector(), vector(), vector()],
            scratch: Scratch::new(width),
        }
    }
}

/// Some tasks, one after the other.
pub(super) struct Work<'a, 'b, T, G> {
    pub(super) entries: Entries<'a, T>,
    pub(super) tasks: &'b [Task<'b, T>],
    pub(super) hands: &'b mut Hands<'a, T, G>,
}

impl<T: Real, G: Stored<T>> WithSimd for Work<'_, '_, T, G> {
    type Output = Answers<T>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Answers<T> {
        let Self { entries, tasks, hands } = self;
        let Hands { system, scores, rows, segments, tree, scalar_tree, own: [x, r, p, sums], scratch } =
            hands;
        let width = system.fixed.width;
        let mut answers = Answers::new();
        for task in tasks {
            let row = entries.rows.row(task.item);
            system.set(row, entries.users, entries.objective, entries.basis);
            segments.cut(row.indices, entries.leaf_of, width);
            scores.clear();
            scores.resize(padded(row.indices.len()), T::ZERO);
            let gathered = system.entries(0..system.len());
            let following = entries.rows.pattern().following(task.item, prefetch_distance::<G>(width));
            let passes = if task.kind == Kind::Solution { entries.steps.usual + 1 } else { 1 };
            let mut ahead: Ahead<'_, G> = gathered.ahead(following, GROUP.div_ceil(passes));
            let mut pass = Pass::new(gathered, &mut ahead, rows.as_mut_slice());
            let (mut kind, mut numbers) = (task.kind, Numbers::new(entries.steps));
            p.copy_from_slice(task.vector);
            if kind == Kind::Solution {
                x.copy_from_slice(p);
            }
            // One place for all passes: each becomes a copy of the kernels.
            loop {
                let a = if matches!(kind, Kind::Step(_)) { T::ZERO } else { T::ONE };
                let with_vector = kind != Kind::Step(Next::Scalars);
                if with_vector {
                    let Segments { ends, vectors, .. } = &mut *segments;
                    pass.make_segments(simd, p, scores, (a, ends, vectors));
                } else {
                    pass.make(simd, p, scores, None);
                }
                let coefficients = system.coefficients();
                segments.sum_scalars(coefficients.weights, coefficients.targets, scores);
                if task.kind != Kind::Solution {
                    break;
                }
                let mut total = Total { tree, scalar_tree, width };
                let [gain, energy] =
                    total.of(segments, 0..segments.leaves.len(), with_vector.then_some(sums));
                let given = Given {
                    e: &system.diagonal,
                    inverse_e: &system.inverse_diagonal,
                    constant: task.constant,
                    steps: entries.steps,
                };
                let found = (&sums[..], Scalars { gain, energy });
                match (Vectors { x, r, p }).advance(simd, &mut numbers, found, given, scratch) {
                    Next::Nothing => break,
                    next => kind = Kind::Step(next),
                }
            }
            ahead.ask_all();
            if task.kind == Kind::Solution {
                answers.vectors.extend_from_slice(x);
                answers.scalars.push([numbers.gain, numbers.load]);
                continue;
            }
            let mut first = 0;
            for node in entries.cover {
                let count = segments.leaves[first..].partition_point(|&leaf| leaf < node.end);
                if count > 0 {
                    let with_vector = task.kind != Kind::Step(Next::Scalars);
                    let mut total = Total { tree, scalar_tree, width };
                    let wanted = with_vector.then_some(&mut *sums);
                    answers.scalars.push(total.of(segments, first..first + count, wanted));
                    if with_vector {
                        answers.vectors.extend_from_slice(sums);
                    }
                }
                first += count;
            }
        }
        answers
    }
}

/// Adds up segments.
struct Total<'a, T> {
    tree: &'a mut Sum<T>,
    scalar_tree: &'a mut Sum<f64>,
    width: usize,
}

impl<T: Real> Total<'_, T> {
    /// The scalars of some segments together, and if it is wanted their vector.
    #[inline(always)]
    fn of(&mut self, segments: &Segments<T>, those: Range<usize>, vector: Option<&mut Vec<T>>) -> [f64; 2] {
        let mut scalars = [0.0; 2];
        for at in those.clone() {
            self.scalar_tree.push(segments.leaves[at], &segments.scalars[at]);
        }
        self.scalar_tree.finish(&mut scalars);
        if let Some(vector) = vector {
            for at in those {
                let row = at * self.width..(at + 1) * self.width;
                self.tree.push(segments.leaves[at], &segments.vectors[row]);
            }
            self.tree.finish(vector);
        }
        scalars
    }
}
