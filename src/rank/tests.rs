//! The index against the full scan, on factors made to be hard: the same ids and the same bits of the scores.

use proptest::prelude::*;

use crate::dense::DenseView;
use crate::error::Result;
use crate::kernel::Real;
use crate::rank::{Index, RankOptions, Rankings, audience_by_rank, recommend, similar};

/// What one row of hard factors is made of.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Ordinary,
    Zero,
    /// Ordinary times a power of two.
    Scaled(i32),
    /// One coordinate larger than all others together.
    Dominated,
    /// A copy of the row before.
    Repeated,
    /// Small integers: many equal scores.
    Integers,
    Negative,
    Denormal,
    /// Products of two such rows are near the largest number of single precision, or infinite.
    Huge,
    NotANumber,
}

fn kinds() -> impl Strategy<Value = Kind> {
    prop_oneof![
        4 => Just(Kind::Ordinary),
        1 => Just(Kind::Zero),
        1 => (-40_i32..40).prop_map(Kind::Scaled),
        1 => Just(Kind::Dominated),
        1 => Just(Kind::Repeated),
        2 => Just(Kind::Integers),
        1 => Just(Kind::Negative),
        1 => Just(Kind::Denormal),
    ]
}

/// With a few rows whose scores overflow or are NaN.
fn wild_kinds() -> impl Strategy<Value = Kind> {
    prop_oneof![12 => kinds(), 1 => Just(Kind::Huge), 1 => Just(Kind::NotANumber)]
}

fn factors<T: Real>(kinds: &[Kind], f: usize, seed: u64) -> Vec<T> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1_u64 << 53) as f64 - 0.5
    };
    let mut rows: Vec<T> = Vec::new();
    for (at, &kind) in kinds.iter().enumerate() {
        for k in 0..f {
            let value = match kind {
                Kind::Zero => 0.0,
                Kind::Scaled(by) => next() * 2.0_f64.powi(by),
                Kind::Dominated => next() * if k == 3 % f { 1e4 } else { 1e-3 },
                Kind::Repeated if at > 0 => rows[(at - 1) * f + k].to_f64(),
                Kind::Repeated | Kind::Integers => (next() * 5.0).round(),
                Kind::Negative => -next().abs(),
                Kind::Denormal => next() * 1e-41,
                Kind::Huge => next() * 1e20,
                Kind::NotANumber if k == f / 2 => f64::NAN,
                Kind::Ordinary | Kind::NotANumber => next(),
            };
            rows.push(T::from_f64(value));
        }
    }
    rows
}

fn assert_same<T: Real>(found: &Rankings<T>, expected: &Rankings<T>) {
    for query in 0..expected.queries() {
        assert_eq!(found.ids(query), expected.ids(query));
        for (found, expected) in found.scores(query).iter().zip(expected.scores(query)) {
            assert_eq!(found.to_f64().to_bits(), expected.to_f64().to_bits());
        }
    }
}

/// Multiplies every second coordinate, by which scores stay the same if the other side is divided by it.
fn tilt<T: Real>(rows: &mut [T], f: usize, by: f64) {
    for row in rows.chunks_mut(f) {
        for value in row.iter_mut().step_by(2) {
            *value *= T::from_f64(by);
        }
    }
}

/// Both sides are tilted by a power of two.
fn check<T: Real>(
    f: usize,
    [users, items]: [&[Kind]; 2],
    tilted: i32,
    options: &RankOptions<'_>,
) -> Result<()> {
    let (mut x, mut y) = (factors::<T>(users, f, 1), factors::<T>(items, f, 2));
    tilt(&mut x, f, 2.0_f64.powi(tilted));
    tilt(&mut y, f, 2.0_f64.powi(-tilted));
    let (x, y) = (DenseView::of_rows(&x, f), DenseView::of_rows(&y, f));
    let everyone: Vec<i32> = (0..users.len() as i32).collect();
    let index = Index::of_items(x, y, 2)?;
    let expected = recommend(x, y, None, &everyone, None, options)?;
    assert_same(&recommend(x, y, Some(&index), &everyone, None, options)?, &expected);
    let others = factors::<T>(items, f, 3);
    let moved = Index::of_moved_items(&Index::of_items(x, DenseView::of_rows(&others, f), 2)?, y, 2)?;
    assert_same(&recommend(x, y, Some(&moved), &everyone, None, options)?, &expected);
    let single = recommend(x, y, Some(&index), &everyone[..1], None, options)?;
    assert_eq!(single.ids(0), expected.ids(0));
    let all: Vec<i32> = (0..items.len() as i32).collect();
    let index = Index::of_directions(y, 2)?;
    let expected = similar(y, None, &all, None, options)?;
    assert_same(&similar(y, Some(&index), &all, None, options)?, &expected);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn an_index_changes_no_result(
        f in 1_usize..40,
        sides in prop_oneof![
            (prop::collection::vec(kinds(), 1..20), prop::collection::vec(kinds(), 1..200)),
            (prop::collection::vec(wild_kinds(), 1..20), prop::collection::vec(wild_kinds(), 1..200)),
        ],
        tilted in prop_oneof![Just(0), -20..20],
        n in 1_usize..30,
        least in prop_oneof![Just(f64::NEG_INFINITY), -0.2..0.5_f64],
        most in 0_usize..4,
    ) {
        let sides = [&sides.0[..], &sides.1[..]];
        let groups: Vec<i32> = (0..sides[1].len() as i32).map(|item| item % 7 - 3).collect();
        let options = RankOptions::top(n).without(&[0]).at_least(least);
        let options = if most > 0 { options.at_most_of_a_group(most, &groups) } else { options };
        check::<f32>(f, sides, tilted, &options).map_err(|error| TestCaseError::fail(error.to_string()))?;
        check::<f64>(f, sides, tilted, &options).map_err(|error| TestCaseError::fail(error.to_string()))?;
    }
}

#[test]
fn an_index_of_many_alike_rows_changes_no_result() -> Result<()> {
    // One direction and a little noise: hardly anything can be left out, and scores are close.
    let f = 24;
    let mut x: Vec<f32> = factors(&[Kind::Ordinary; 9], f, 3);
    let mut y: Vec<f32> = factors(&vec![Kind::Ordinary; 5000], f, 4);
    for row in x.chunks_mut(f).chain(y.chunks_mut(f)) {
        for value in row.iter_mut() {
            *value *= 1e-5;
        }
        row[0] = 1.0;
    }
    let (x, y) = (DenseView::of_rows(&x, f), DenseView::of_rows(&y, f));
    let index = Index::of_items(x, y, 0)?;
    let users: Vec<i32> = (0..9).collect();
    for n in [1, 10, 100, 5000] {
        let options = RankOptions::top(n);
        let expected = recommend(x, y, None, &users, None, &options)?;
        assert_same(&recommend(x, y, Some(&index), &users, None, &options)?, &expected);
    }
    Ok(())
}

#[test]
fn threads_share_a_single_query() -> Result<()> {
    let f = 8;
    let x: Vec<f32> = factors(&[Kind::Ordinary; 2], f, 5);
    let y: Vec<f32> = factors(&vec![Kind::Ordinary; 70_000], f, 6);
    let (x, y) = (DenseView::of_rows(&x, f), DenseView::of_rows(&y, f));
    let index = Index::of_items(x, y, 0)?;
    let expected = recommend(x, y, None, &[1], None, &RankOptions::top(20))?;
    for threads in [1, 2, 3, 8] {
        let options = RankOptions::top(20).threads(threads);
        assert_same(&recommend(x, y, Some(&index), &[1], None, &options)?, &expected);
    }
    Ok(())
}

/// An index of `y` in the order of other items: the largest norms anywhere, most of all at the end.
fn packed_out_of_order(x: DenseView<'_, f32>, y: DenseView<'_, f32>) -> Result<Index> {
    let square = |row: &[f32]| row.iter().map(|value| value * value).sum::<f32>();
    let others: Vec<f32> = (0..y.rows())
        .flat_map(|item| {
            let norm = square(y.row(item));
            y.row(item).iter().map(move |value| value / norm.max(1e-3))
        })
        .collect();
    Index::of_moved_items(&Index::of_items(x, DenseView::of_rows(&others, y.columns()), 0)?, y, 0)
}

#[test]
fn candidates_packed_out_of_order_are_all_found() -> Result<()> {
    let f = 8;
    let x: Vec<f32> = factors(&[Kind::Ordinary; 3], f, 9);
    let y: Vec<f32> = factors(&vec![Kind::Ordinary; 70_000], f, 10);
    let (x, y) = (DenseView::of_rows(&x, f), DenseView::of_rows(&y, f));
    let index = packed_out_of_order(x, y)?;
    for threads in [1, 3] {
        for users in [&[0][..], &[0, 1, 2]] {
            let options = RankOptions::top(20).threads(threads);
            let expected = recommend(x, y, None, users, None, &options)?;
            assert_same(&recommend(x, y, Some(&index), users, None, &options)?, &expected);
        }
    }
    Ok(())
}

#[test]
fn factors_without_numbers_are_an_error() -> Result<()> {
    let none = DenseView::<f32>::new(&[], 5, 0)?;
    for index in [Index::of_items(none, none, 0), Index::of_directions(none, 0)] {
        assert_eq!(
            index.err().map(|error| error.to_string()),
            Some("factors must be at least 1, got 0".to_owned())
        );
    }
    Ok(())
}

#[test]
fn items_are_only_packed_as_as_many_items_were() -> Result<()> {
    let factors: Vec<f32> = factors(&[Kind::Ordinary; 40], 4, 11);
    let (all, some) = (DenseView::of_rows(&factors, 4), DenseView::of_rows(&factors[4..], 4));
    let message = |before: &Index, items| {
        Index::of_moved_items(before, items, 0).err().map(|error| error.to_string()).unwrap_or_default()
    };
    assert_eq!(
        message(&Index::of_directions(all, 0)?, all),
        "the index must be of items, this one is of directions"
    );
    assert_eq!(
        message(&Index::of_items(all, all, 0)?, some),
        "the number of item_factors, as before, must be 40, got 39"
    );
    Ok(())
}

#[test]
fn an_audience_by_rank_is_what_full_orders_say() -> Result<()> {
    let f = 6;
    let kinds =
        [Kind::Ordinary, Kind::Integers, Kind::Repeated, Kind::Dominated, Kind::Zero, Kind::Scaled(3)];
    let many = |count: usize| -> Vec<Kind> { (0..count).map(|at| kinds[at % kinds.len()]).collect() };
    let (x, y): (Vec<f32>, Vec<f32>) = (factors(&many(700), f, 7), factors(&many(300), f, 8));
    let (x, y) = (DenseView::of_rows(&x, f), DenseView::of_rows(&y, f));
    let (index, moved) = (Index::of_items(x, y, 0)?, packed_out_of_order(x, y)?);
    let everyone: Vec<i32> = (0..700).collect();
    let orders = recommend(x, y, None, &everyone, None, &RankOptions::top(300))?;
    for item in [0, 1, 4, 17, 299] {
        let mut expected: Vec<(usize, f32, i32)> = everyone
            .iter()
            .map(|&user| {
                let at = orders.ids(user as usize).iter().position(|&id| id == item).unwrap_or(usize::MAX);
                (at + 1, -orders.scores(user as usize)[at], user)
            })
            .filter(|&(_, _, user)| user != 5)
            .collect();
        expected.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)).then(a.2.cmp(&b.2)));
        for threads in [1, 2] {
            let options = RankOptions::top(25).without(&[5]).threads(threads);
            for index in [&index, &moved] {
                let found = audience_by_rank(x, y, index, item, &options, &())?;
                let found: Vec<_> = found.iter().map(|who| (who.rank, -who.score, who.user)).collect();
                assert_eq!(found, expected[..25]);
            }
        }
    }
    Ok(())
}
