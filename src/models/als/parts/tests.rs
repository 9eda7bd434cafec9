use std::ops::Range;

use super::*;
use crate::kernel::{Real, has_fast_halves};
use crate::models::als::basis::Eigen;
use crate::models::als::{AlternatingLeastSquares, Solver, init, training_loss};
use crate::sparse::CsrMatrix;
use crate::{CsrView, pool};

const LEAVES: usize = 64;

/// Users with tastes, some of whom like a lot; one item that many like, and some that nobody does.
fn plays<T: Real>(users: usize, items: usize) -> CsrMatrix<T> {
    let mut entries = Vec::new();
    let mut state = 1_u64;
    let mut random = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    for user in 0..users {
        let mut own: Vec<usize> =
            (0..2 + random(12)).map(|_| (random(items / 2) * random(items)) / items + user % 3).collect();
        own.push(0);
        own.sort_unstable();
        own.dedup();
        let value = |random: usize| T::from_f64(if random == 0 { -1.0 } else { random as f64 });
        entries.extend(own.into_iter().map(|item| (user as i32, item as i32, value(random(9)))));
    }
    CsrMatrix::from_triplets(users, items, &entries).expect("they are in range")
}

/// Bounds of leaves with about as many entries each.
fn bounds<T: Real>(rows: &CsrView<'_, T>) -> Vec<usize> {
    let mut bounds: Vec<usize> = (0..LEAVES)
        .map(|leaf| {
            let wanted = (leaf * rows.stored() / LEAVES) as i64;
            rows.pattern().indptr().partition_point(|&start| start < wanted).min(rows.rows())
        })
        .collect();
    bounds.push(rows.rows());
    bounds
}

fn rows_of<T: Real>(matrix: &CsrView<'_, T>, rows: Range<usize>) -> CsrMatrix<T> {
    let entries: Vec<_> = rows
        .clone()
        .flat_map(|u| {
            let row = matrix.row(u);
            row.indices.iter().zip(row.values).map(move |(&i, &r)| ((u - rows.start) as i32, i, r))
        })
        .collect();
    CsrMatrix::from_triplets(rows.len(), matrix.columns(), &entries).expect("they are in range")
}

/// The factors and losses of a fit by so many workers in one process.
fn fit<T: Real>(
    model: &AlternatingLeastSquares,
    matrix: &CsrView<'_, T>,
    count: usize,
) -> (Vec<T>, Vec<T>, Vec<f64>) {
    let f = model.factors;
    let transpose = matrix.transpose();
    let cut = Cut { users: bounds(matrix), items: bounds(&transpose.view()) };
    let leaves: Vec<_> = (0..=count).map(|rank| rank * LEAVES / count).collect();
    let workers: Vec<Range<usize>> = leaves.windows(2).map(|ends| ends[0]..ends[1]).collect();
    let own: Vec<CsrMatrix<T>> = workers
        .iter()
        .map(|leaves| rows_of(matrix, cut.users[leaves.start]..cut.users[leaves.end]))
        .collect();
    let turned: Vec<CsrMatrix<T>> = own.iter().map(|rows| rows.view().transpose()).collect();
    let locals: Vec<Local<'_, T>> = own
        .iter()
        .zip(&turned)
        .map(|(rows, columns)| Local { user_items: rows.view(), item_users: columns.view() })
        .collect();
    let mut parts: Vec<Part<T>> = (0..count)
        .map(|rank| {
            Part::new(model.clone(), cut.clone(), workers.clone(), rank, has_fast_halves(), locals[rank])
                .expect("it fits")
        })
        .collect();

    let counts: Vec<Counts> = locals.iter().map(|&local| Part::counts(local)).collect();
    let cut_counts = |counts: &Counts, items: Range<usize>| Counts {
        stored: counts.stored[items.clone()].to_vec(),
        counting: counts.counting[items.clone()].to_vec(),
        liked: counts.liked[items].to_vec(),
    };
    let shares: Vec<Vec<_>> = (0..count)
        .map(|owner| {
            let items = parts[owner].items_of(owner);
            let theirs: Vec<_> = counts.iter().map(|counts| cut_counts(counts, items.clone())).collect();
            parts[owner].meet(&theirs)
        })
        .collect();
    let presence: Vec<Vec<_>> = (0..count)
        .map(|rank| {
            let own: Vec<_> = shares.iter().map(|shares| shares[rank].clone()).collect();
            parts[rank].present(locals[rank], &own)
        })
        .collect();
    for (owner, part) in parts.iter_mut().enumerate() {
        part.meet_presence(presence.iter().map(|presence| presence[owner].clone()).collect());
    }

    let (mut users, mut items) = (vec![T::ZERO; matrix.rows() * f], vec![T::ZERO; matrix.columns() * f]);
    init::draw(&mut users, &mut items, 5);
    for (rank, part) in parts.iter_mut().enumerate() {
        let (leaves, owned) = (&workers[rank], part.items_of(rank));
        part.users.copy_from_slice(&users[cut.users[leaves.start] * f..cut.users[leaves.end] * f]);
        part.items.copy_from_slice(&items[owned.start * f..owned.end * f]);
    }
    let objective = model.objective();
    let total_weight = objective.total_weight(matrix);
    let never = &|| false;
    let mut losses = Vec::new();
    for epoch in 1..=model.iterations {
        let grams: Vec<_> = parts.iter_mut().map(|part| part.begin_epoch(epoch)).collect();
        let eigen = Eigen::of(&total(&grams), f).expect("it is finite");
        let smallest = objective.smallest_regularization(matrix, matrix.columns());
        let rows: Vec<_> = parts.iter_mut().map(|part| part.whiten(eigen.clone(), smallest)).collect();
        let mut rows: Vec<_> = rows.into_iter().map(Vec::into_iter).collect();
        let (grams, sums): (Vec<_>, Vec<_>) = parts
            .iter_mut()
            .zip(&locals)
            .map(|(part, &local)| {
                let own: Vec<_> = rows.iter_mut().map(|rows| rows.next().expect("one for each")).collect();
                part.solve_users(local, &own, epoch, never).expect("nobody interrupts")
            })
            .unzip();
        let penalty = total(&sums)[0];
        let eigen = Eigen::of(&total(&grams), f).expect("it is finite");
        let smallest = objective.smallest_regularization(&transpose.view(), matrix.rows());
        let mut asks: Vec<_> =
            parts.iter_mut().map(|part| part.begin_items(eigen.clone(), smallest)).collect();
        let mut first = true;
        while asks.iter().flatten().any(|ask| !ask.items.is_empty()) {
            let answers: Vec<_> = (0..count)
                .map(|rank| {
                    let own: Vec<_> = asks.iter().map(|asks| asks[rank].clone()).collect();
                    parts[rank].pass(locals[rank], &own, first, never).expect("nobody interrupts")
                })
                .collect();
            asks = (0..count)
                .map(|owner| {
                    let own: Vec<_> = answers.iter().map(|answers| answers[owner].clone()).collect();
                    parts[owner].advance(&own)
                })
                .collect();
            first = false;
        }
        let sums: Vec<_> = parts.iter_mut().map(|part| part.end_items(epoch)).collect();
        losses.push((total(&sums)[0] + penalty) / total_weight);
    }
    let users: Vec<T> = parts.iter().flat_map(Part::turned_users).collect();
    let items: Vec<T> = parts.iter().flat_map(|part| part.items.iter().copied()).collect();
    (users, items, losses)
}

fn alone<T: Real>(model: &AlternatingLeastSquares, matrix: &CsrView<'_, T>) -> (Vec<T>, Vec<T>, Vec<f64>) {
    let f = model.factors;
    let (mut users, mut items) = (vec![T::ZERO; matrix.rows() * f], vec![T::ZERO; matrix.columns() * f]);
    init::draw(&mut users, &mut items, 5);
    let losses = model.fit_from(matrix, &mut users, &mut items, &()).expect("it converges");
    (users, items, losses)
}

fn models() -> [AlternatingLeastSquares; 4] {
    let model = |f: usize| AlternatingLeastSquares::new(f).iterations(4).alpha(2.0).threads(1);
    [
        model(8),
        model(20).regularization_exponent(0.7).regularization(0.002),
        // Some items are heavy.
        model(8).alpha(500.0),
        model(33).solver(Solver::ConjugateGradient).cg_steps(1).relaxation(1.0),
    ]
}

#[test]
fn any_number_of_workers_gives_the_same_bits() {
    for model in models() {
        let matrix = plays::<f32>(700, 90);
        let one = fit(&model, &matrix.view(), 1);
        for count in [2, 3, 4, 8] {
            assert!(fit(&model, &matrix.view(), count) == one, "{count} workers, {model:?}");
        }
        let threads =
            |threads| pool::run(threads, || fit(&model, &matrix.view(), 3)).expect("there are threads");
        assert!(threads(2) == one);
    }
}

#[test]
fn workers_together_do_what_a_fit_on_one_machine_does() {
    for model in models() {
        let matrix = plays::<f64>(700, 90);
        let (users, items, losses) = fit(&model, &matrix.view(), 3);
        let (_, _, expected) = alone(&model, &matrix.view());
        for (found, expected) in losses.iter().zip(&expected) {
            assert!((found - expected).abs() < 1e-5 * expected, "{losses:?} {expected:?}");
        }
        let slow = training_loss(&model, &matrix.view(), &users, &items).expect("it fits");
        assert!((slow - losses[3]).abs() < 1e-9 * slow, "{slow} {losses:?}");
    }
}

#[test]
fn places_that_make_no_sense_are_errors() {
    let matrix = plays::<f32>(40, 9);
    let transpose = matrix.view().transpose();
    let local = Local { user_items: matrix.view(), item_users: transpose.view() };
    let cut = |users: &[usize], items: &[usize]| Cut { users: users.to_vec(), items: items.to_vec() };
    let made = |cut: Cut, workers: &[Range<usize>], rank| {
        Part::new(AlternatingLeastSquares::new(2), cut, workers.to_vec(), rank, false, local).map(|_| ())
    };
    let (both, two) = (cut(&[0, 40, 40], &[0, 5, 9]), [0..1, 1..2]);
    assert!(made(both.clone(), &two, 0).is_ok());
    assert!(made(both.clone(), &two, 1).is_err(), "its users are none");
    assert!(made(both.clone(), &two, 2).is_err() && made(both.clone(), &[], 0).is_err());
    assert!(made(both.clone(), &[0..1, 0..2], 0).is_err() && made(both, &[1..1, 1..2], 0).is_err());
    assert!(made(cut(&[0, 40], &[0, 9]), &two, 0).is_err());
    assert!(made(cut(&[0, 40, 40], &[0, 9, 5]), &two, 0).is_err());
    assert!(made(cut(&[5, 40, 40], &[0, 5, 9]), &two, 0).is_err());
}
