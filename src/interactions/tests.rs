//! Everything fast here against something slow and obvious. Pieces and chunks are tiny in tests, so that small
//! data meets every border.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]
#![allow(clippy::format_collect, reason = "tests are small")]

mod events;
mod files;
mod odd_files;
mod on_disk;

use std::collections::BTreeMap;

use super::*;
use crate::error::Error;
use crate::labels::Label;

/// An event as tests make it up.
#[derive(Debug, Clone)]
struct Made {
    user: String,
    item: String,
    weight: f64,
    time: f64,
}

/// Events in a table.
struct MadeTable(Vec<Made>);

impl Rows for MadeTable {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn event(&self, row: usize) -> std::result::Result<Option<Event<'_>>, Flaw<'_>> {
        let Made { user, item, weight, time } = &self.0[row];
        let (user, item) = (Label::Text(user), Label::Text(item));
        Ok(Some(Event { user, item, weight: *weight, time: Time::Number(*time) }))
    }
}

/// Labels in order of first appearance.
fn numbered<'a>(labels: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut seen = Vec::new();
    for label in labels {
        if !seen.contains(&label) {
            seen.push(label);
        }
    }
    seen
}

fn texts(labels: &Labels) -> Vec<String> {
    labels.iter().map(|label| label.to_string()).collect()
}

/// The entries by label.
fn named(read: &Interactions) -> BTreeMap<(String, String), f32> {
    let (users, items) = (texts(read.users()), texts(read.items()));
    let view = read.matrix();
    (0..view.rows())
        .flat_map(|user| {
            let row = view.row(user);
            let entries = row.indices.iter().zip(row.values).map(|(&item, &value)| (item, value));
            entries
                .map(|(item, value)| ((users[user].clone(), items[item as usize].clone()), value))
                .collect::<Vec<_>>()
        })
        .collect()
}
