//! From events by code to the entries of a CSR matrix, on all threads.
//!
//! Events are first dealt out to buckets of consecutive users with about as many events each, which keeps their
//! order, and then every bucket is sorted by itself: by user, by item, and among equals as they came. So the
//! events of an entry are met in the order in which they happened, and sums do not depend on the threads.

use rayon::prelude::*;

use super::block::Block;
use super::options::Duplicates;
use super::time::date_of_digits;
use crate::error::Result;
use crate::sparse::CsrView;

/// At most this many buckets, so that the places written to stay in the cache.
const BUCKETS: usize = 256;
/// And as few as make buckets of this many events.
const EVENTS_PER_BUCKET: usize = if cfg!(test) { 8 } else { 1 << 16 };
/// In how many parts each thread deals out events.
const PARTS_PER_THREAD: usize = 4;

/// The entries of a matrix of users x items, and what became of the events.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Entries {
    pub(crate) indptr: Vec<i64>,
    pub(crate) indices: Vec<i32>,
    pub(crate) values: Vec<f32>,
    /// The time of each entry's latest event; empty if nobody asked.
    pub(crate) times: Vec<f64>,
    /// How many entries are 0 because weights have faded to it.
    pub(crate) faded: usize,
}

impl Entries {
    /// The same, after making sure that sums are finite.
    pub(crate) fn checked(self, items: usize) -> Result<Self> {
        CsrView::new(items, &self.indptr, &self.indices, &self.values)?.check_finite()?;
        Ok(self)
    }
}

/// The time of an event, or nothing where nobody asks for it.
trait Stamp: Copy + Default + Send + Sync {
    fn of(block: &Block, at: usize) -> Self;
    fn is_before(self, other: Self) -> bool;
    fn keep(self, times: &mut Vec<f64>);
}

impl Stamp for () {
    fn of(_: &Block, _: usize) {}

    fn is_before(self, (): Self) -> bool {
        false
    }

    fn keep(self, _: &mut Vec<f64>) {}
}

impl Stamp for f64 {
    fn of(block: &Block, at: usize) -> Self {
        block.times[at]
    }

    fn is_before(self, other: Self) -> bool {
        self < other
    }

    fn keep(self, times: &mut Vec<f64>) {
        times.push(self);
    }
}

#[derive(Clone, Copy, Default)]
struct Event<S> {
    user: u32,
    item: u32,
    weight: f32,
    stamp: S,
}

/// Makes seconds of times that are dates written in eight digits.
pub(crate) fn settle_dates(blocks: &mut [Block]) {
    blocks.par_iter_mut().flat_map(|block| &mut block.times).for_each(|time| {
        *time = date_of_digits(*time).unwrap_or(*time);
    });
}

/// Leaves out the events before a time, and says how many those were.
pub(crate) fn leave_out(blocks: &mut [Block], before: f64) -> u64 {
    let left_out = blocks.par_iter_mut().map(|block| {
        let count = block.times.len();
        let mut kept = 0;
        for at in 0..count {
            if block.times[at] >= before {
                block.users[kept] = block.users[at];
                block.items[kept] = block.items[at];
                block.weights[kept] = block.weights[at];
                block.times[kept] = block.times[at];
                kept += 1;
            }
        }
        block.users.truncate(kept);
        block.items.truncate(kept);
        block.weights.truncate(kept);
        block.times.truncate(kept);
        (count - kept) as u64
    });
    left_out.sum()
}

/// Lets weights fade: by half for every `half_life` before `latest`.
pub(crate) fn fade(blocks: &mut [Block], latest: f64, half_life: f64) {
    blocks.par_iter_mut().for_each(|block| {
        for (weight, time) in block.weights.iter_mut().zip(&block.times) {
            *weight = faded(*weight, latest - time, half_life);
        }
    });
}

/// What is left of a weight at this age. Nothing is a negative zero, which says where it comes from.
pub(crate) fn faded(weight: f32, age: f64, half_life: f64) -> f32 {
    let left = (f64::from(weight) * (-age / half_life).exp2()) as f32;
    if left == 0.0 && weight != 0.0 { -0.0 } else { left }
}

/// Makes one entry of all events of a user and an item. The codes are below `users` and below [`crate::MAX_IDS`].
pub(crate) fn entries(blocks: Vec<Block>, users: usize, duplicates: Duplicates, timed: bool) -> Entries {
    if timed { build::<f64>(blocks, users, duplicates) } else { build::<()>(blocks, users, duplicates) }
}

fn build<S: Stamp>(blocks: Vec<Block>, users: usize, duplicates: Duplicates) -> Entries {
    let mut degrees = vec![0_usize; users];
    for &user in blocks.iter().flat_map(|block| &block.users) {
        degrees[user as usize] += 1;
    }
    let buckets = Buckets::new(&degrees);
    let mut events = dealt_out::<S>(&blocks, &buckets);
    drop(blocks);
    let parts: Vec<Part> = buckets
        .slices(&mut events)
        .into_par_iter()
        .zip(&buckets.ranges)
        .map_init(Vec::new, |scratch, (events, range)| {
            Part::new(events, range.0, &degrees[range.0..range.1], duplicates, scratch)
        })
        .collect();
    drop(events);
    joined(parts)
}

/// Ranges of consecutive users.
struct Buckets {
    ranges: Vec<(usize, usize)>,
    sizes: Vec<usize>,
    of_user: Vec<u16>,
}

impl Buckets {
    fn new(degrees: &[usize]) -> Self {
        let all: usize = degrees.iter().sum();
        let size = all.div_ceil((all / EVENTS_PER_BUCKET).clamp(1, BUCKETS)).max(1);
        let mut buckets = Self { ranges: vec![], sizes: vec![], of_user: Vec::with_capacity(degrees.len()) };
        let (mut first, mut held) = (0, 0);
        for (user, degree) in degrees.iter().enumerate() {
            buckets.of_user.push(buckets.sizes.len() as u16);
            held += degree;
            if held >= size || user + 1 == degrees.len() {
                buckets.ranges.push((first, user + 1));
                buckets.sizes.push(held);
                (first, held) = (user + 1, 0);
            }
        }
        buckets
    }

    /// A slice for each bucket.
    fn slices<'e, E>(&self, events: &'e mut [E]) -> Vec<&'e mut [E]> {
        split(events, self.sizes.iter().copied())
    }
}

/// Cuts a slice into consecutive ones of these sizes.
fn split<E>(mut rest: &mut [E], sizes: impl IntoIterator<Item = usize>) -> Vec<&mut [E]> {
    let mut parts = Vec::new();
    for size in sizes {
        let (part, after) = rest.split_at_mut(size);
        parts.push(part);
        rest = after;
    }
    parts
}

/// All events, bucket after bucket, in each of them in the order of the blocks.
fn dealt_out<S: Stamp>(blocks: &[Block], buckets: &Buckets) -> Vec<Event<S>> {
    let threads = rayon::current_num_threads();
    let shares: Vec<&[Block]> =
        blocks.chunks(blocks.len().div_ceil(threads * PARTS_PER_THREAD).max(1)).collect();
    let count = |share: &&[Block]| {
        let mut counts = vec![0_usize; buckets.sizes.len()];
        for &user in share.iter().flat_map(|block| &block.users) {
            counts[buckets.of_user[user as usize] as usize] += 1;
        }
        counts
    };
    let counts: Vec<Vec<usize>> = shares.par_iter().map(count).collect();
    let mut events = vec![Event::<S>::default(); buckets.sizes.iter().sum()];
    // The place of every share in every bucket, handed to the share that fills it.
    let mut places: Vec<Vec<&mut [Event<S>]>> = shares.iter().map(|_| Vec::new()).collect();
    for (bucket, slice) in buckets.slices(&mut events).into_iter().enumerate() {
        let parts = split(slice, counts.iter().map(|counts| counts[bucket]));
        for (place, part) in places.iter_mut().zip(parts) {
            place.push(part);
        }
    }
    shares.par_iter().zip(places).for_each(|(share, mut places)| {
        let mut filled = vec![0_usize; places.len()];
        for block in *share {
            for (at, (&user, &item)) in block.users.iter().zip(&block.items).enumerate() {
                let bucket = buckets.of_user[user as usize] as usize;
                let event = Event { user, item, weight: block.weights[at], stamp: S::of(block, at) };
                places[bucket][filled[bucket]] = event;
                filled[bucket] += 1;
            }
        }
    });
    events
}

/// The entries of a range of users.
struct Part {
    /// How many entries each user has.
    counts: Vec<usize>,
    entries: Entries,
}

impl Part {
    fn new<S: Stamp>(
        events: &mut [Event<S>],
        first_user: usize,
        degrees: &[usize],
        duplicates: Duplicates,
        scratch: &mut Vec<Event<S>>,
    ) -> Self {
        let mut ends = degrees.to_vec();
        let mut end = 0;
        for degree in &mut ends {
            (*degree, end) = (end, end + *degree);
        }
        scratch.resize(scratch.len().max(events.len()), Event::default());
        let sorted = &mut scratch[..events.len()];
        for &event in &*events {
            let place = &mut ends[event.user as usize - first_user];
            sorted[*place] = event;
            *place += 1;
        }
        let mut part = Self { counts: Vec::with_capacity(degrees.len()), entries: Entries::default() };
        part.entries.indices.reserve_exact(events.len());
        part.entries.values.reserve_exact(events.len());
        for row in split(sorted, degrees.iter().copied()) {
            row.sort_by_key(|event| event.item); // a stable sort: equals stay as they came
            let before = part.entries.indices.len();
            for same in row.chunk_by(|a, b| a.item == b.item) {
                let (value, stamp) = one(same, duplicates);
                if value == 0.0
                    && same.iter().any(|event| event.weight == 0.0 && event.weight.is_sign_negative())
                {
                    part.entries.faded += 1;
                }
                part.entries.indices.push(same[0].item as i32);
                part.entries.values.push(value + 0.0); // no negative zeros
                stamp.keep(&mut part.entries.times);
            }
            part.counts.push(part.entries.indices.len() - before);
        }
        part
    }
}

/// What the events of one user and item become.
fn one<S: Stamp>(events: &[Event<S>], duplicates: Duplicates) -> (f32, S) {
    let later = |a: Event<S>, &b: &Event<S>| if b.stamp.is_before(a.stamp) { a } else { b };
    let latest = events[1..].iter().fold(events[0], later);
    let value = match duplicates {
        Duplicates::Sum | Duplicates::Count => {
            events.iter().map(|event| f64::from(event.weight)).sum::<f64>() as f32
        }
        Duplicates::Last => latest.weight,
        Duplicates::Max => events[1..].iter().fold(events[0].weight, |max, event| max.max(event.weight)),
    };
    (value, latest.stamp)
}

fn joined(parts: Vec<Part>) -> Entries {
    let users: usize = parts.iter().map(|part| part.counts.len()).sum();
    let stored: usize = parts.iter().map(|part| part.entries.indices.len()).sum();
    let mut all = Entries {
        indptr: Vec::with_capacity(users + 1),
        indices: Vec::with_capacity(stored),
        values: Vec::with_capacity(stored),
        times: Vec::new(),
        faded: parts.iter().map(|part| part.entries.faded).sum(),
    };
    let mut end = 0;
    all.indptr.push(end);
    for part in parts {
        for count in part.counts {
            end += count as i64;
            all.indptr.push(end);
        }
        all.indices.extend_from_slice(&part.entries.indices);
        all.values.extend_from_slice(&part.entries.values);
        all.times.extend_from_slice(&part.entries.times);
    }
    all
}
