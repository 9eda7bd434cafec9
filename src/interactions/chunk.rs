//! A chunk of events while a thread reads it: labels to codes, without waiting for memory or for others.
//!
//! Labels are looked up in what earlier rounds have found, which nobody changes meanwhile; one that is not there
//! goes into a list of the chunk. Events are kept until there are [`AT_A_TIME`], so that what their labels need is
//! on its way from memory before it is looked at.

use super::block::Block;
use super::clock::Clock;
use super::coder::{Coder, Key, Written};
use super::event::{Event, Flaw, Part};
use super::options::{Duplicates, ReadOptions};
use super::report::BadRows;
use super::time::Time;
use crate::error::Error;
use crate::labels::Labels;
use crate::labels::spelling::Spelling;

/// How many events are looked up together, so that none waits for memory alone.
const AT_A_TIME: usize = if cfg!(test) { 3 } else { 64 };
/// No code at all.
const NONE: u32 = u32::MAX;

/// An event whose labels are still to be looked up.
#[derive(Clone, Copy)]
struct Pending<'t> {
    user: Key<'t>,
    item: Key<'t>,
    user_hash: u32,
    item_hash: u32,
    /// Whether the user is that of the event before, which is frequent and saves looking.
    same_user: bool,
    weight: f32,
    time: f64,
    line: u64,
}

/// A chunk of events while a thread reads it. What is handed to it must live as long as `'t`.
pub(crate) struct Chunk<'a, 't> {
    users: Coder<'a>,
    items: Coder<'a>,
    options: &'a ReadOptions,
    pending: Vec<Pending<'t>>,
    block: Block,
    bad: BadRows,
    /// The first row that shows that all are of a wrong type.
    fatal: Option<(u64, String)>,
    clock: Clock,
    ignored: u64,
    failure: Option<Error>,
    /// How many lines or rows have been passed.
    pub(crate) lines: u64,
}

/// What a thread made of a chunk.
pub(crate) struct Done {
    pub(crate) users: Labels,
    pub(crate) items: Labels,
    pub(crate) block: Block,
    pub(crate) bad: BadRows,
    pub(crate) fatal: Option<(u64, String)>,
    pub(crate) clock: Clock,
    pub(crate) ignored: u64,
    pub(crate) failure: Option<Error>,
    pub(crate) wants_texts: [bool; 2],
    pub(crate) spelling: [Spelling; 2],
    /// How many lines or rows it has.
    pub(crate) lines: u64,
}

impl<'a, 't> Chunk<'a, 't> {
    /// A chunk to be read against these labels; `may_widen` if integers may become texts.
    pub(crate) fn new(
        users: &'a Labels,
        items: &'a Labels,
        options: &'a ReadOptions,
        may_widen: [bool; 2],
    ) -> Self {
        Self {
            users: Coder::new(Part::User, users, may_widen[0]),
            items: Coder::new(Part::Item, items, may_widen[1]),
            options,
            pending: Vec::with_capacity(AT_A_TIME),
            block: Block::default(),
            bad: BadRows::default(),
            fatal: None,
            clock: Clock::default(),
            ignored: 0,
            failure: None,
            lines: 0,
        }
    }

    /// Room for this many events.
    pub(crate) fn reserve(&mut self, events: usize) {
        self.block.users.reserve_exact(events);
        self.block.items.reserve_exact(events);
        self.block.weights.reserve_exact(events);
        if self.options.timed {
            self.block.times.reserve_exact(events);
        }
    }

    /// Takes the fields of a line.
    #[inline]
    pub(crate) fn fields(&mut self, user: &'t [u8], item: &'t [u8], weight: f64, time: Time) {
        // What most files have, which needs no look at what may be wrong with it.
        if self.users.takes_text(user) && self.items.takes_text(item) {
            return self.take(Key::Text(user), Key::Text(item), weight, time);
        }
        match self.keys(Written::Field(user), Written::Field(item)) {
            Ok((user, item)) => self.take(user, item, weight, time),
            Err(flaw) => self.flaw(flaw),
        }
    }

    fn keys<'p>(&mut self, user: Written<'p>, item: Written<'p>) -> Result<(Key<'p>, Key<'p>), Flaw<'p>> {
        let user =
            self.users.key(user, || !item.bytes().is_empty() && std::str::from_utf8(item.bytes()).is_ok());
        let item = self.items.key(item, || !matches!(user, Err(Flaw::Missing(_) | Flaw::NotUtf8(_))));
        match (user, item) {
            // Which is no flaw if integers may become texts, as they will for the first line that has no other.
            (Err(Flaw::NotAnInteger(..)), Err(flaw)) if self.users.may_widen => Err(flaw),
            (user, item) => {
                let (user, item) = (user?, item?);
                for (coder, key) in [(&mut self.users, user), (&mut self.items, item)] {
                    if let Key::Integer(number) = key {
                        coder.spelling = coder.spelling.and(number.spelling);
                    }
                }
                Ok((user, item))
            }
        }
    }

    /// Takes the fields of a line that are gone when this returns.
    pub(crate) fn passing_fields(&mut self, user: Written<'_>, item: Written<'_>, weight: f64, time: Time) {
        self.settle();
        match self.keys(user, item) {
            Ok((user, item)) => {
                if let Some(event) = self.pending_event(user, item, weight, time) {
                    let (user_hash, item_hash) = (user.hash(), item.hash());
                    self.look_up(&Pending { user_hash, item_hash, ..event }, NONE);
                }
            }
            Err(flaw) => self.flaw(flaw),
        }
    }

    /// Takes an event.
    #[inline]
    pub(crate) fn event(&mut self, event: Event<'t>) {
        self.take(event.user.into(), event.item.into(), event.weight, event.time);
    }

    #[inline]
    fn take(&mut self, user: Key<'t>, item: Key<'t>, weight: f64, time: Time) {
        let Some(mut event) = self.pending_event(user, item, weight, time) else { return };
        match self.pending.last() {
            Some(last) if last.user.is(user) => {
                event.same_user = true;
                event.user_hash = last.user_hash;
            }
            _ => {
                event.user_hash = user.hash();
                self.users.known.expect(event.user_hash);
            }
        }
        event.item_hash = item.hash();
        self.items.known.expect(event.item_hash);
        self.pending.push(event);
        if self.pending.len() == AT_A_TIME {
            self.settle();
        }
    }

    /// An event whose numbers are what they should be; otherwise it is counted as bad.
    #[inline]
    fn pending_event<'p>(
        &mut self,
        user: Key<'p>,
        item: Key<'p>,
        weight: f64,
        time: Time,
    ) -> Option<Pending<'p>> {
        let weight = if self.options.duplicates == Duplicates::Count { 1.0 } else { weight };
        for (part, number, is_fine) in [
            (Part::Weight, weight, (weight as f32).is_finite()),
            (Part::Time, time.value(), !self.options.timed || time.value().is_finite()),
        ] {
            if !is_fine {
                self.flaw(Flaw::NotANumber(part, number.to_string().as_bytes()));
                return None;
            }
        }
        if self.options.timed {
            self.clock.see(time);
        }
        let (time, weight) = (time.value(), weight as f32 + 0.0); // no negative zeros, see `faded`
        let (user_hash, item_hash, same_user, line) = (0, 0, false, self.lines);
        Some(Pending { user, item, user_hash, item_hash, same_user, weight, time, line })
    }

    /// Looks the labels of all pending events up.
    fn settle(&mut self) {
        let pending = std::mem::take(&mut self.pending);
        for event in &pending {
            if !event.same_user {
                self.users.known.expect_label(event.user_hash);
            }
            self.items.known.expect_label(event.item_hash);
        }
        let mut last = NONE;
        for event in &pending {
            last = self.look_up(event, if event.same_user { last } else { NONE });
        }
        self.pending = pending;
        self.pending.clear();
    }

    /// Adds an event by its codes. Returns the code of its user, which may be known already.
    #[inline]
    fn look_up(&mut self, event: &Pending<'_>, user: u32) -> u32 {
        let user = if user == NONE { self.users.find(event.user, event.user_hash) } else { Some(user) };
        let item = self.items.find(event.item, event.item_hash);
        let (user, item) = match (user, item) {
            (Some(user), Some(item)) => (user, item),
            _ => match self.added(event, user, item) {
                Some(added) => added,
                None => return NONE,
            },
        };
        self.block.users.push(user);
        self.block.items.push(item);
        self.block.weights.push(event.weight);
        if self.options.timed {
            self.block.times.push(event.time);
        }
        user
    }

    /// The codes of labels of which at least one is new, if they are what labels should be.
    #[cold]
    fn added(&mut self, event: &Pending<'_>, user: Option<u32>, item: Option<u32>) -> Option<(u32, u32)> {
        for (part, key, code) in [(Part::User, event.user, user), (Part::Item, event.item, item)] {
            if let (Key::Text(text), None) = (key, code)
                && std::str::from_utf8(text).is_err()
            {
                self.bad.add(event.line, &Flaw::NotUtf8(part));
                return None;
            }
        }
        let add = |coder: &mut Coder<'_>, key, hash, code: Option<u32>| match code {
            Some(code) => Ok(code),
            None => coder.add(key, hash),
        };
        let codes = add(&mut self.users, event.user, event.user_hash, user)
            .and_then(|user| Ok((user, add(&mut self.items, event.item, event.item_hash, item)?)));
        codes.map_err(|error| self.failure = Some(error)).ok()
    }

    /// Counts an event that cannot be used, at the line after those that have been passed.
    #[cold]
    pub(crate) fn flaw(&mut self, flaw: Flaw<'_>) {
        if flaw.is_fatal() && self.fatal.is_none() {
            self.fatal = Some((self.lines, flaw.to_string()));
        }
        self.bad.add(self.lines, &flaw);
    }

    /// Counts an event that does not count.
    pub(crate) fn ignore(&mut self) {
        self.ignored += 1;
    }

    pub(crate) fn done(mut self) -> Done {
        self.settle();
        Done {
            wants_texts: [self.users.wants_texts, self.items.wants_texts],
            spelling: [self.users.spelling, self.items.spelling],
            users: self.users.new,
            items: self.items.new,
            block: self.block,
            bad: self.bad,
            fatal: self.fatal,
            clock: self.clock,
            ignored: self.ignored,
            failure: self.failure,
            lines: self.lines,
        }
    }
}
