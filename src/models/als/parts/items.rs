//! What a worker does for items: passes over the entries that it has, and whole solutions where it has all of them.

use std::ops::Range;

use crate::kernel::{Ahead, Buffer, GROUP, Pass, Real, Simd, Stored, WithSimd, padded, pass_scratch};
use crate::models::als::basis::Basis;
use crate::models::als::conjugate_gradient::Coefficients;
use crate::models::als::objective::Objective;
use crate::models::als::parts::iteration::{Given, Next, Numbers, Scratch, Steps, Vectors};
use crate::models::als::parts::segments::{EVERY_LEAF, Segments};
use crate::models::als::side::prefetch_distance;
use crate::models::als::system::{Fixed, System};
use crate::sparse::CsrView;

/// Tasks that a thread takes at a time.
pub(super) const TASKS_PER_BLOCK: usize = 64;

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
    /// The sums of a pass.
    Pass(Next),
    /// The solution, from the start: all entries are here.
    Solution,
}

/// Answers to tasks, in their order.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Answers<T> {
    /// For each node of shared items where one was wanted, and the solutions of others; rows of the padded length.
    pub(crate) vectors: Vec<T>,
    /// For each node of shared items where one was wanted; for others `2 b·x − x·A x` and the load.
    pub(crate) scalars: Vec<f64>,
}

/// How many vectors and scalars there are in the answer for a node of a shared item.
pub(super) fn lengths(next: Next) -> [usize; 2] {
    match next {
        Next::Start => [1, 1],
        Next::Vector => [1, 0],
        Next::Scalar => [0, 1],
        Next::Nothing => [0, 0],
    }
}

impl<T> Answers<T> {
    pub(super) fn new() -> Self {
        Self { vectors: Vec::new(), scalars: Vec::new() }
    }

    /// Those of several blocks, one after the other.
    pub(super) fn joined(blocks: Vec<Self>) -> Self {
        let mut all = Self::new();
        all.vectors.reserve_exact(blocks.iter().map(|block| block.vectors.len()).sum());
        all.scalars.reserve_exact(blocks.iter().map(|block| block.scalars.len()).sum());
        for mut block in blocks {
            all.vectors.append(&mut block.vectors);
            all.scalars.append(&mut block.scalars);
        }
        all
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
    segments: Segments,
    /// Sums over nodes, and the scalars of these.
    sums: Vec<T>,
    scalars: Vec<[f64; 1]>,
    /// The vectors of a solution, and their scratch.
    own: [Vec<T>; 3],
    scratch: Scratch<T>,
}

impl<'a, T: Real, G: Stored<T>> Hands<'a, T, G> {
    pub(super) fn new(fixed: Fixed<'a, G>) -> Self {
        let width = fixed.width;
        let vector = || vec![T::ZERO; width];
        Self {
            system: System::new(fixed),
            scores: Vec::new(),
            rows: Buffer::new::<T>(pass_scratch::<T>(width)[1]),
            segments: Segments::new(),
            sums: Vec::new(),
            scalars: Vec::new(),
            own: [vector(), vector(), vector()],
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
        let Hands { system, scores, rows, segments, sums, scalars, own: [x, r, p], scratch } = hands;
        let width = system.fixed.width;
        let mut answers = Answers::new();
        for task in tasks {
            let row = entries.rows.row(task.item);
            system.set(row, entries.users, entries.objective, entries.basis);
            let whole = std::slice::from_ref(&EVERY_LEAF);
            let nodes = if task.kind == Kind::Solution { whole } else { entries.cover };
            segments.cut(row.indices, entries.leaf_of, nodes);
            sums.resize(segments.most * width, T::ZERO);
            scores.clear();
            scores.resize(padded(row.indices.len()), T::ZERO);
            let gathered = system.entries(0..system.len());
            let following = entries.rows.pattern().following(task.item, prefetch_distance::<G>(width));
            let passes = if task.kind == Kind::Solution { entries.steps.usual + 1 } else { 1 };
            let mut ahead: Ahead<'_, G> = gathered.ahead(following, GROUP.div_ceil(passes));
            let mut pass = Pass::new(gathered, &mut ahead, rows.as_mut_slice());
            let is_solution = task.kind == Kind::Solution;
            let mut next = if let Kind::Pass(next) = task.kind { next } else { Next::Start };
            let mut numbers = Numbers::new(entries.steps);
            p.copy_from_slice(task.vector);
            x.copy_from_slice(task.vector);
            // One place for all passes: each becomes a copy of the kernels.
            loop {
                if next == Next::Scalar {
                    pass.make(simd, p, scores, None);
                } else {
                    let a = if next == Next::Start { T::ONE } else { T::ZERO };
                    pass.make_segments(simd, p, scores, (a, &segments.all, sums));
                }
                let Coefficients { weights, targets, .. } = system.coefficients();
                match next {
                    Next::Start => segments.sum(|at| [targets[at].to_f64() * scores[at].to_f64()], scalars),
                    Next::Scalar => {
                        let energy = |at: usize| weights[at].to_f64() * scores[at].to_f64().powi(2);
                        segments.sum(|at| [energy(at)], scalars);
                    }
                    _ => scalars.clear(),
                }
                if !is_solution {
                    break;
                }
                let given = Given {
                    e: &system.diagonal,
                    inverse_e: &system.inverse_diagonal,
                    constant: task.constant,
                    steps: entries.steps,
                };
                let found = (&sums[..width], scalars.first().map_or(0.0, |&[sum]| sum));
                next = (Vectors { x, r, p }).advance(simd, &mut numbers, found, given, scratch);
                if next == Next::Nothing {
                    break;
                }
            }
            ahead.ask_all();
            if is_solution {
                answers.vectors.extend_from_slice(x);
                answers.scalars.extend([numbers.gain, numbers.load]);
                continue;
            }
            answers.scalars.extend_from_slice(scalars.as_flattened());
            answers.vectors.extend_from_slice(&sums[..lengths(next)[0] * segments.nodes.len() * width]);
        }
        answers
    }
}
