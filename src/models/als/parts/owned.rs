//! The items that a worker owns: it takes their steps, with the sums of everyone who has entries of them.

use rayon::prelude::*;

use crate::error::{Result, check_size};
use crate::kernel::{self, Real, Simd, WithSimd};
use crate::models::als::basis::Basis;
use crate::models::als::objective::Objective;
use crate::models::als::parts::items::{Answers, Kind, Task, lengths};
use crate::models::als::parts::iteration::{Given, Next, Numbers, Scratch, Steps, Vectors};
use crate::models::als::parts::tree::Sum;

/// Items whose steps a thread takes at a time.
const ITEMS_PER_BLOCK: usize = 64;

/// What is known of the items that a worker owns.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Facts {
    /// The number of entries that count, and whether somebody likes it.
    pub(super) counts: Vec<u32>,
    pub(super) liked: Vec<bool>,
    /// `Σ c p²`
    pub(super) constants: Vec<f64>,
    /// For each worker those of the items that it has entries of, by their places, and the first leaves of the nodes that it has
    /// sums for. Just one worker and no nodes if all entries are there.
    pub(super) places: Vec<Vec<Place>>,
}

/// An item that a worker has entries of.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Place {
    pub(super) item: u32,
    pub(super) nodes: Vec<u16>,
}

impl Place {
    /// Whether all entries are there.
    pub(super) fn is_alone(&self) -> bool {
        self.nodes.is_empty()
    }
}

/// How many vectors and scalars there are in the solution of a worker that has all entries.
const ALONE: [usize; 2] = [1, 2];

/// The state of the iteration of all of them.
pub(super) struct Owned<T> {
    pub(super) x: Vec<T>,
    r: Vec<T>,
    pub(super) p: Vec<T>,
    pub(super) numbers: Vec<Numbers<T>>,
    pub(super) next: Vec<Next>,
}

impl<T: Real> Owned<T> {
    /// From these starts, padded.
    pub(super) fn begin(starts: &[T], width: usize, liked: &[bool], steps: Steps) -> Self {
        let next = liked.iter().map(|&liked| if liked { Next::Start } else { Next::Nothing });
        Self {
            x: starts.to_vec(),
            r: vec![T::ZERO; starts.len()],
            p: starts.to_vec(),
            numbers: vec![Numbers::new(steps); starts.len() / width],
            next: next.collect(),
        }
    }

    /// Solves items without anyone else: those for which `task` has one, from a number to the item, what is wanted of it, and its
    /// constant.
    pub(super) fn solve_alone<H>(
        &mut self,
        width: usize,
        task: impl Fn(usize) -> Option<(usize, Kind, f64)> + Sync,
        hands: impl Fn() -> H + Sync + Send,
        work: impl Fn(&mut H, &[Task<'_, T>]) -> Result<Answers<T>> + Sync + Send,
    ) -> Result<()> {
        let blocks = self
            .x
            .par_chunks_mut(ITEMS_PER_BLOCK * width)
            .zip(self.numbers.par_chunks_mut(ITEMS_PER_BLOCK))
            .zip(self.next.par_chunks_mut(ITEMS_PER_BLOCK))
            .enumerate();
        blocks.try_for_each_init(hands, |hands, (block, ((x, numbers), next))| {
            let (mut places, mut tasks) = (Vec::new(), Vec::new());
            let wanted = x.chunks_exact(width).zip(next.iter_mut()).enumerate();
            for (at, (vector, next)) in wanted.filter(|(_, (_, next))| **next == Next::Start) {
                if let Some((item, kind, constant)) = task(block * ITEMS_PER_BLOCK + at) {
                    *next = Next::Nothing;
                    places.push(at);
                    tasks.push(Task { item, kind, vector, constant });
                }
            }
            let Answers { vectors, scalars } = work(hands, &tasks)?;
            let found = vectors.chunks_exact(width).zip(scalars.as_chunks().0);
            for (at, (vector, &[gain, load])) in places.into_iter().zip(found) {
                x[at * width..(at + 1) * width].copy_from_slice(vector);
                (numbers[at].gain, numbers[at].load) = (gain, load);
            }
            Ok(())
        })
    }

    /// Takes the steps that answers allow. `asked[w]` are the places of worker `w` that were asked, in order.
    pub(super) fn advance(
        &mut self,
        asked: &[Vec<&Place>],
        answers: &[Answers<T>],
        rules: &Rules<'_>,
        width: usize,
    ) -> Result<()> {
        let of_place = |place: &Place| {
            if place.is_alone() { ALONE } else { lengths(self.next[place.item as usize]) }
        };
        let inbox = Inbox::of(asked, self.next.len(), width, of_place);
        inbox.check(answers)?;
        let blocks = self
            .x
            .par_chunks_mut(ITEMS_PER_BLOCK * width)
            .zip(self.r.par_chunks_mut(ITEMS_PER_BLOCK * width))
            .zip(self.p.par_chunks_mut(ITEMS_PER_BLOCK * width))
            .zip(self.numbers.par_chunks_mut(ITEMS_PER_BLOCK))
            .zip(self.next.par_chunks_mut(ITEMS_PER_BLOCK))
            .enumerate();
        blocks.for_each(|(block, ((((x, r), p), numbers), next))| {
            let first = block * ITEMS_PER_BLOCK;
            kernel::dispatch(Advance { first, x, r, p, numbers, next, inbox: &inbox, answers, rules, width });
        });
        Ok(())
    }
}

/// What steps go by.
pub(super) struct Rules<'a> {
    pub(super) facts: &'a Facts,
    pub(super) objective: &'a Objective,
    pub(super) basis: &'a Basis,
    pub(super) users: usize,
    pub(super) steps: Steps,
}

/// Where the answers for each item are, in the order of leaves.
pub(super) struct Inbox {
    /// Where those of each item begin.
    starts: Vec<usize>,
    letters: Vec<Letter>,
    /// How many numbers in vectors, and how many scalars, each worker has to have answered.
    sizes: Vec<[usize; 2]>,
}

#[derive(Clone, Copy, Default)]
pub(super) struct Letter {
    pub(super) worker: u32,
    /// The first leaf of the node; nothing for the solution of a worker that has all entries.
    pub(super) leaf: Option<u16>,
    /// Where its vector begins and which scalars are its own.
    pub(super) vector: usize,
    pub(super) scalar: usize,
}

impl Inbox {
    /// For so many items, of which these places were asked, each for so many vectors and scalars for each of its nodes.
    pub(super) fn of(
        asked: &[Vec<&Place>],
        items: usize,
        width: usize,
        lengths: impl Fn(&Place) -> [usize; 2],
    ) -> Self {
        let mut starts = vec![0; items + 1];
        for place in asked.iter().flatten() {
            starts[place.item as usize + 1] += place.nodes.len().max(1);
        }
        for item in 0..items {
            starts[item + 1] += starts[item];
        }
        let (mut ends, mut letters) = (starts.clone(), vec![Letter::default(); starts[items]]);
        let mut sizes = Vec::new();
        for (worker, places) in (0..).zip(asked) {
            let (mut vector, mut scalar) = (0, 0);
            for place in places {
                let item = place.item as usize;
                let [vectors, scalars] = lengths(place);
                let leaves = place.nodes.iter().map(|&leaf| Some(leaf));
                for leaf in leaves.chain(place.is_alone().then_some(None)) {
                    letters[ends[item]] = Letter { worker, leaf, vector, scalar };
                    ends[item] += 1;
                    vector += vectors * width;
                    scalar += scalars;
                }
            }
            sizes.push([vector, scalar]);
        }
        Self { starts, letters, sizes }
    }

    pub(super) fn of_item(&self, item: usize) -> &[Letter] {
        &self.letters[self.starts[item]..self.starts[item + 1]]
    }

    /// Fails unless all workers have answered what they were asked.
    pub(super) fn check<T>(&self, answers: &[Answers<T>]) -> Result<()> {
        check_size("the number of workers that answer", self.sizes.len(), answers.len())?;
        for (&[vectors, scalars], answer) in self.sizes.iter().zip(answers) {
            check_size("the number of sums of a worker", vectors, answer.vectors.len())?;
            check_size("the number of scalars of a worker", scalars, answer.scalars.len())?;
        }
        Ok(())
    }
}

/// Steps of some items.
struct Advance<'a, 'b, T> {
    first: usize,
    x: &'b mut [T],
    r: &'b mut [T],
    p: &'b mut [T],
    numbers: &'b mut [Numbers<T>],
    next: &'b mut [Next],
    inbox: &'a Inbox,
    answers: &'a [Answers<T>],
    rules: &'a Rules<'a>,
    width: usize,
}

impl<T: Real> WithSimd for Advance<'_, '_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { first, x, r, p, numbers, next, inbox, answers, rules, width } = self;
        let Rules { facts, objective, basis, users, steps } = *rules;
        let (mut tree, mut scalar_tree) = (Sum::new(width), Sum::new(1));
        let (mut sums, mut scratch) = (vec![T::ZERO; width], Scratch::new(width));
        let (mut e, mut inverse_e) = (vec![T::ONE; width], vec![T::ONE; width]);
        let mut regularization = f64::NAN;
        let rows = x.chunks_exact_mut(width).zip(r.chunks_exact_mut(width)).zip(p.chunks_exact_mut(width));
        let all = rows.zip(numbers.iter_mut().zip(next)).enumerate();
        for (at, (((x, r), p), (numbers, next))) in all.filter(|(_, (_, (_, next)))| **next != Next::Nothing)
        {
            let item = first + at;
            let letters = inbox.of_item(item);
            if letters.iter().all(|letter| letter.leaf.is_none()) {
                for letter in letters {
                    let answer = &answers[letter.worker as usize];
                    x.copy_from_slice(&answer.vectors[letter.vector..letter.vector + width]);
                    [numbers.gain, numbers.load] = [0, 1].map(|at| answer.scalars[letter.scalar + at]);
                }
                *next = Next::Nothing;
                continue;
            }
            let [with_vector, with_scalar] = lengths(*next).map(|count| count > 0);
            let mut scalar = [0.0];
            for letter in letters {
                let answer = &answers[letter.worker as usize];
                let leaf = letter.leaf.map_or(0, usize::from);
                if with_scalar {
                    scalar_tree.push(leaf, &answer.scalars[letter.scalar..=letter.scalar]);
                }
                if with_vector {
                    tree.push(leaf, &answer.vectors[letter.vector..letter.vector + width]);
                }
            }
            scalar_tree.finish(&mut scalar);
            tree.finish(&mut sums);
            let own = objective.regularization_of(facts.counts[item] as usize, users);
            if own.to_bits() != regularization.to_bits() {
                basis.diagonal(own, 1.0, &mut e, &mut inverse_e);
                regularization = own;
            }
            let constant = facts.constants[item];
            let given = Given { e: &e, inverse_e: &inverse_e, constant, steps };
            let found = (&sums[..], scalar[0]);
            *next = (Vectors { x, r, p }).advance(simd, numbers, found, given, &mut scratch);
        }
    }
}
