//! Turned rows of one side, from those who have them to those who have entries of them.

use std::ops::Range;

use crate::error::{Error, Result, check_size};
use crate::kernel::{Real, padded};
use crate::models::als::basis::Square;
use crate::models::als::half_step::turned_into;
use crate::models::als::parts::messages::{Needs, Received, Whitened};
use crate::models::als::parts::part::{Local, Part};
use crate::models::als::parts::routes::Of;
use crate::sparse::CsrView;

impl<T: Real> Part<T> {
    /// The rows of a side that a worker has.
    pub(super) fn rows_of(&self, of: Of, rank: usize) -> Range<usize> {
        let (leaves, bounds) = (&self.workers[rank], self.bounds(of));
        bounds[leaves.start]..bounds[leaves.end]
    }

    pub(super) fn bounds(&self, of: Of) -> &[usize] {
        match of {
            Of::Users => &self.cut.users,
            Of::Items => &self.cut.items,
        }
    }

    /// How many rows a side has.
    pub(super) fn count(&self, of: Of) -> usize {
        *self.bounds(of).last().unwrap_or(&0)
    }

    /// What this worker needs of each other one, where it has all entries of its items.
    pub(crate) fn needs(&mut self, local: Local<'_, T>) -> Vec<Needs> {
        self.routes[Of::Items as usize].needs = self.beside(&local.user_items, Of::Items);
        self.routes[Of::Users as usize].needs = self.beside(&local.item_users, Of::Users);
        let [users, items] = [0, 1].map(|of| self.routes[of].needs.clone());
        users.into_iter().zip(items).map(|(users, items)| Needs { users, items }).collect()
    }

    /// The columns with entries, by their owners.
    fn beside(&self, rows: &CsrView<'_, T>, of: Of) -> Vec<Vec<u32>> {
        let mut there = vec![false; rows.columns()];
        for row in 0..rows.rows() {
            rows.row(row).indices.iter().for_each(|&column| there[column as usize] = true);
        }
        let from = |owner: usize| {
            let rows = if owner == self.rank { 0..0 } else { self.rows_of(of, owner) };
            let needed = there[rows].iter().enumerate().filter(|(_, there)| **there);
            needed.map(|(at, _)| at as u32).collect()
        };
        (0..self.workers.len()).map(from).collect()
    }

    /// Takes what each other worker needs of this one.
    pub(crate) fn meet_needs(&mut self, needs: Vec<Needs>) -> Result<()> {
        check_size("the number of workers that need something", self.workers.len(), needs.len())?;
        let [users, items] = [Of::Users, Of::Items].map(|of| self.rows_of(of, self.rank).len());
        for Needs { users: some_users, items: some_items } in &needs {
            for (rows, count) in [(some_users, users), (some_items, items)] {
                if let Some(&row) = rows.iter().find(|&&row| row as usize >= count) {
                    let expected = "one that its owner has";
                    return Err(Error::InvalidParameter { name: "row", expected, value: f64::from(row) });
                }
            }
        }
        let (users, items) = needs.into_iter().map(|Needs { users, items }| (users, items)).unzip();
        self.routes[Of::Users as usize].needed = users;
        self.routes[Of::Items as usize].needed = items;
        Ok(())
    }

    /// Turned rows for each worker that has entries of them; they stay here as well.
    pub(super) fn turned(&mut self, of: Of, turn: &Square) -> Vec<Whitened<T>> {
        let own = if of == Of::Users { &self.users } else { &self.items };
        let needed = self.routes[of as usize].needed.iter();
        if self.compact {
            let rows = turned_into(own, turn, &mut self.compacts[1]);
            needed.map(|needed| Whitened::Compact(picked(rows, needed, turn.f))).collect()
        } else {
            let rows = turned_into(own, turn, &mut self.full[1]);
            needed.map(|needed| Whitened::Full(picked(rows, needed, turn.f))).collect()
        }
    }

    /// Takes turned rows from each owner; those of this one are here.
    pub(super) fn take(&mut self, of: Of, rows: &[Received<'_, T>]) -> Result<()> {
        check_size("the number of owners of rows", self.workers.len(), rows.len())?;
        let (width, count) = (padded(self.model.factors), self.count(of));
        let owned: Vec<Range<usize>> = (0..self.workers.len()).map(|rank| self.rows_of(of, rank)).collect();
        let own = owned[self.rank].clone();
        let ([full, own_full], [compact, own_compact]) = (&mut self.full, &mut self.compacts);
        if self.compact {
            let all = compact.first(count * width);
            all[own.start * width..own.end * width]
                .copy_from_slice(&own_compact.as_slice()[..own.len() * width]);
        } else {
            let all = full.first(count * width);
            all[own.start * width..own.end * width]
                .copy_from_slice(&own_full.as_slice()[..own.len() * width]);
        }
        for ((rows, needs), owned) in rows.iter().zip(&self.routes[of as usize].needs).zip(owned) {
            let range = owned.start * width..owned.end * width;
            match rows {
                Received::Full(rows) if !self.compact => {
                    placed(rows, needs, width, &mut full.first(count * width)[range])?;
                }
                Received::Compact(rows) if self.compact => {
                    placed(rows, needs, width, &mut compact.first(count * width)[range])?;
                }
                Received::Full(_) | Received::Compact(_) => {
                    let (what, sizes) =
                        ("the bytes of a number of a row", [size_of::<T>(), size_of::<T::Compact>()]);
                    let [expected, actual] = if self.compact { [sizes[1], sizes[0]] } else { sizes };
                    return Err(Error::SizeMismatch { what, expected, actual });
                }
            }
        }
        Ok(())
    }
}

/// Those rows that are needed.
fn picked<G: Copy>(rows: &[G], needed: &[u32], f: usize) -> Vec<G> {
    let width = padded(f);
    let mut found = Vec::with_capacity(needed.len() * width);
    for &row in needed {
        let first = row as usize * width;
        found.extend_from_slice(&rows[first..first + width]);
    }
    found
}

/// Puts them to their places.
fn placed<G: Copy>(rows: &[G], needs: &[u32], width: usize, all: &mut [G]) -> Result<()> {
    check_size("the number of factors of an owner's rows", needs.len() * width, rows.len())?;
    for (&place, row) in needs.iter().zip(rows.chunks_exact(width)) {
        let first = place as usize * width;
        all[first..first + width].copy_from_slice(row);
    }
    Ok(())
}
