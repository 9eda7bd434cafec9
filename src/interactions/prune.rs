//! Minimum counts: the largest part of the data in which every user has enough items and every item enough users.
//!
//! Leaving out a user may leave an item with too few, and the other way round, so it goes on until nothing is left
//! out any more. More events only ever make that part larger.

use super::build::Entries;

/// Which users and items are left, by their code among all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Kept {
    pub(crate) users: Vec<u32>,
    pub(crate) items: Vec<u32>,
}

/// What has enough on both sides; what `before` kept comes first and in the same order.
pub(crate) fn kept(entries: &Entries, items: usize, min_items: u32, min_users: u32, before: &Kept) -> Kept {
    let users = entries.indptr.len() - 1;
    let mut user_left = vec![true; users];
    let mut item_left = vec![true; items];
    loop {
        let mut of_item = vec![0_u32; items];
        let mut changed = false;
        for user in (0..users).filter(|&user| user_left[user]).collect::<Vec<_>>() {
            let row = row(entries, user);
            let count = row.iter().filter(|&&item| item_left[item as usize]).count();
            if count < min_items as usize {
                user_left[user] = false;
                changed = true;
            } else {
                for &item in row {
                    of_item[item as usize] += 1;
                }
            }
        }
        for (left, count) in item_left.iter_mut().zip(of_item) {
            if *left && count < min_users {
                *left = false;
                changed = true;
            }
        }
        if !changed {
            let users = in_order(&user_left, &before.users);
            return Kept { users, items: in_order(&item_left, &before.items) };
        }
    }
}

fn row(entries: &Entries, user: usize) -> &[i32] {
    &entries.indices[entries.indptr[user] as usize..entries.indptr[user + 1] as usize]
}

fn in_order(left: &[bool], before: &[u32]) -> Vec<u32> {
    let mut added = left.to_vec();
    for &code in before {
        added[code as usize] = false;
    }
    let added = added.iter().enumerate().filter(|(_, added)| **added).map(|(code, _)| code as u32);
    before.iter().copied().chain(added).collect()
}

/// The entries of what is left, with its own numbers.
pub(crate) fn pruned(entries: &Entries, items: usize, kept: &Kept) -> Entries {
    const GONE: u32 = u32::MAX;
    let mut number = vec![GONE; items];
    for (new, &old) in kept.items.iter().enumerate() {
        number[old as usize] = new as u32;
    }
    let mut pruned = Entries { indptr: vec![0], ..Entries::default() };
    let mut row: Vec<(u32, f32)> = Vec::new();
    for &user in &kept.users {
        let range = entries.indptr[user as usize] as usize..entries.indptr[user as usize + 1] as usize;
        row.clear();
        row.extend(
            entries.indices[range.clone()]
                .iter()
                .zip(&entries.values[range])
                .map(|(&item, &value)| (number[item as usize], value))
                .filter(|(item, _)| *item != GONE),
        );
        row.sort_unstable_by_key(|&(item, _)| item);
        pruned.indices.extend(row.iter().map(|&(item, _)| item as i32));
        pruned.values.extend(row.iter().map(|&(_, value)| value));
        pruned.indptr.push(pruned.indices.len() as i64);
    }
    pruned
}
