use std::ops::Range;

use super::messages::{Nodes, Received, Whitened};
use super::*;
use crate::error::Result;
use crate::kernel::{Real, has_fast_halves};
use crate::models::als::basis::{Eigen, Square};
use crate::models::als::sketch::largest;
use crate::models::als::{AlternatingLeastSquares, Solver, init, training_loss};
use crate::sparse::CsrMatrix;
use crate::{CsrView, pool};

const LEAVES: usize = 64;
const SEED: u64 = 7;

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

/// What each receiver gets, from what each sender has for each.
fn received<M>(sent: Vec<Vec<M>>) -> std::vec::IntoIter<Vec<M>> {
    let count = sent.len();
    let mut senders: Vec<_> = sent.into_iter().map(Vec::into_iter).collect();
    let received = (0..count).map(|_| senders.iter_mut().filter_map(Iterator::next).collect());
    received.collect::<Vec<_>>().into_iter()
}

fn seen<T: Real>(rows: &[Whitened<T>]) -> Vec<Received<'_, T>> {
    rows.iter().map(Whitened::received).collect()
}

fn never() -> bool {
    false
}

/// Lets all parts know of each other.
fn meet<T: Real>(parts: &mut [Part<T>], locals: &[Local<'_, T>]) {
    let count = parts.len();
    if parts[0].travels == Travels::Users {
        let needs = parts.iter_mut().zip(locals).map(|(part, &local)| part.needs(local)).collect();
        for (part, own) in parts.iter_mut().zip(received(needs)) {
            part.meet_needs(own).expect("they fit");
        }
        return;
    }
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
            parts[owner].meet(&theirs).expect("they fit")
        })
        .collect();
    let presence: Vec<Vec<_>> = (0..count)
        .map(|rank| {
            let own: Vec<_> = shares.iter().map(|shares| shares[rank].clone()).collect();
            parts[rank].present(locals[rank], &own).expect("they fit")
        })
        .collect();
    for (owner, part) in parts.iter_mut().enumerate() {
        let own = presence.iter().map(|presence| presence[owner].clone()).collect();
        part.meet_presence(own).expect("they fit");
    }
}

/// Starts all parts from a sketch.
fn sketch<T: Real>(parts: &mut [Part<T>], locals: &[Local<'_, T>], all: usize) {
    let f = parts[0].model.factors;
    let eigen = |grams: &[Nodes]| Eigen::of(&total(grams), f).expect("it is finite");
    let (mut sizes, mut first) = (Vec::new(), 0);
    for (part, &local) in parts.iter().zip(locals) {
        sizes.extend(part.sizes(local, first, all));
        first += local.user_items.stored();
    }
    let largest = largest(sizes);
    let mut grams: Vec<_> = parts.iter_mut().map(|part| part.draw_items(SEED)).collect();
    for number in [0, 1] {
        let (basis, round) = (eigen(&grams), Round { number, largest });
        let rows = parts.iter_mut().map(|part| part.spread(Of::Items, basis.clone(), number)).collect();
        let all = parts.iter_mut().zip(locals).zip(received(rows));
        let users = all.map(|((part, &local), own)| part.sketch_users(local, &seen(&own), round, &never));
        let basis = eigen(&users.collect::<Result<Vec<_>>>().expect("nobody interrupts"));
        if parts[0].travels == Travels::Users {
            let rows = parts.iter_mut().map(|part| part.spread(Of::Users, basis.clone(), number)).collect();
            let all = parts.iter_mut().zip(locals).zip(received(rows));
            let items = all.map(|((part, &local), own)| part.sketch_items(local, &seen(&own), round, &never));
            grams = items.collect::<Result<Vec<_>>>().expect("nobody interrupts");
            continue;
        }
        let all = parts.iter_mut().zip(locals);
        let sums = all.map(|(part, &local)| part.sketch_sums(local, basis.clone(), round, &never));
        let sums = received(sums.collect::<Result<Vec<_>>>().expect("nobody interrupts"));
        let taken = parts.iter_mut().zip(sums).map(|(part, sums)| part.take_sums(&sums, number));
        grams = taken.collect::<Result<Vec<_>>>().expect("they fit");
    }
    let basis = eigen(&grams);
    for part in parts {
        part.balance_items(basis.clone());
    }
}

/// The factors and losses of a fit by so many workers in one process.
fn fit<T: Real>(
    model: &AlternatingLeastSquares,
    matrix: &CsrView<'_, T>,
    count: usize,
    (travels, from_sketch): (Travels, bool),
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
    let turned = |(leaves, rows): (&Range<usize>, &CsrMatrix<T>)| match travels {
        Travels::Users => rows_of(&transpose.view(), cut.items[leaves.start]..cut.items[leaves.end]),
        Travels::Sums => rows.view().transpose(),
    };
    let turned: Vec<CsrMatrix<T>> = workers.iter().zip(&own).map(turned).collect();
    let locals: Vec<Local<'_, T>> = own
        .iter()
        .zip(&turned)
        .map(|(rows, columns)| Local { user_items: rows.view(), item_users: columns.view() })
        .collect();
    let mut parts: Vec<Part<T>> = (0..count)
        .map(|rank| {
            let how = (travels, has_fast_halves());
            Part::new(model.clone(), cut.clone(), workers.clone(), rank, how, locals[rank]).expect("it fits")
        })
        .collect();

    meet(&mut parts, &locals);
    if from_sketch {
        sketch(&mut parts, &locals, matrix.stored());
    } else {
        let (mut users, mut items) = (vec![T::ZERO; matrix.rows() * f], vec![T::ZERO; matrix.columns() * f]);
        init::draw(&mut users, &mut items, 5);
        for (rank, part) in parts.iter_mut().enumerate() {
            let (leaves, owned) = (&workers[rank], part.items_of(rank));
            let own = &users[cut.users[leaves.start] * f..cut.users[leaves.end] * f];
            let (items, turn) = (&items[owned.start * f..owned.end * f], Square::identity(f));
            part.restore([own, items, items], turn).expect("they fit");
        }
    }
    let users = matrix.rows() as f64;
    let (weights, smallest): (Vec<_>, Vec<_>) =
        parts.iter().zip(&locals).map(|(part, &local)| part.facts(local)).unzip();
    let total_weight = total(&weights)[0] + model.unobserved_weight * users * matrix.columns() as f64;
    let smallest = [0, 1].map(|side| smallest.iter().map(|both| both[side]).fold(f64::INFINITY, f64::min));
    let mut losses = Vec::new();
    for epoch in 1..=model.iterations {
        let grams: Vec<_> = parts.iter_mut().map(|part| part.begin_epoch(epoch)).collect();
        let eigen = Eigen::of(&total(&grams), f).expect("it is finite");
        let rows: Vec<_> =
            parts.iter_mut().map(|part| part.whiten(Of::Items, eigen.clone(), smallest[0])).collect();
        let mut rows = received(rows);
        let (grams, sums): (Vec<_>, Vec<_>) = parts
            .iter_mut()
            .zip(&locals)
            .map(|(part, &local)| {
                let own = rows.next().expect("one for each");
                part.solve_users(local, &seen(&own), epoch, &never).expect("nobody interrupts")
            })
            .unzip();
        let penalty = total(&sums)[0];
        let eigen = Eigen::of(&total(&grams), f).expect("it is finite");
        if travels == Travels::Users {
            let of = Of::Users;
            let rows = parts.iter_mut().map(|part| part.whiten(of, eigen.clone(), smallest[1])).collect();
            let all = parts.iter_mut().zip(&locals).zip(received(rows));
            let sums: Result<Vec<_>> = all
                .map(|((part, &local), own)| part.solve_items(local, &seen(&own), epoch, &never))
                .collect();
            losses.push((total(&sums.expect("nobody interrupts"))[0] + penalty) / total_weight);
            continue;
        }
        let mut asks: Vec<_> =
            parts.iter_mut().map(|part| part.begin_items(eigen.clone(), smallest[1])).collect();
        let mut first = true;
        while first || asks.iter().flatten().any(|ask| !ask.items.is_empty()) {
            let answers: Vec<_> = (0..count)
                .map(|rank| {
                    let own: Vec<_> = asks.iter().map(|asks| asks[rank].clone()).collect();
                    parts[rank].pass(locals[rank], &own, first, &never).expect("nobody interrupts")
                })
                .collect();
            asks = (0..count)
                .map(|owner| {
                    let own: Vec<_> = answers.iter().map(|answers| answers[owner].clone()).collect();
                    parts[owner].advance(&own).expect("they fit")
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

fn alone<T: Real>(
    model: &AlternatingLeastSquares,
    matrix: &CsrView<'_, T>,
    from_sketch: bool,
) -> (Vec<T>, Vec<T>, Vec<f64>) {
    let f = model.factors;
    let (mut users, mut items) = (vec![T::ZERO; matrix.rows() * f], vec![T::ZERO; matrix.columns() * f]);
    if from_sketch {
        let model = model.clone().seed(SEED);
        let losses = model.fit_into(matrix, &mut users, &mut items, &()).expect("it converges");
        return (users, items, losses);
    }
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

/// Every model, with either of what may travel and either of the first factors.
fn all() -> impl Iterator<Item = (AlternatingLeastSquares, (Travels, bool))> {
    let starts = [true, false].into_iter().cycle();
    let of =
        |travels| models().into_iter().zip(starts.clone().map(move |from_sketch| (travels, from_sketch)));
    of(Travels::Users).chain(of(Travels::Sums))
}

#[test]
fn any_number_of_workers_gives_the_same_bits() {
    for (model, how) in all() {
        let matrix = plays::<f32>(1500, 90);
        let one = fit(&model, &matrix.view(), 1, how);
        for count in [2, 3, 4, 8] {
            assert!(fit(&model, &matrix.view(), count, how) == one, "{count} workers, {how:?}, {model:?}");
        }
        let threads = |threads| pool::run(threads, || fit(&model, &matrix.view(), 3, how));
        assert!(threads(2).expect("there are threads") == one);
    }
}

#[test]
fn workers_together_do_what_a_fit_on_one_machine_does() {
    for (model, how) in all() {
        let matrix = plays::<f64>(1500, 90);
        let (users, items, losses) = fit(&model, &matrix.view(), 3, how);
        let (_, _, expected) = alone(&model, &matrix.view(), how.1);
        // Sums take other steps. How many a heavy row takes may hang on the last bit: with these confidences a plain fit whose
        // start is off by 1e-13 differs from itself by 8e-5 after four epochs.
        let is_heavy = model.alpha > 100.0;
        let least = match how.0 {
            _ if is_heavy => 1e-3,
            Travels::Users => 1e-9,
            Travels::Sums => 1e-5,
        };
        for (found, expected) in losses.iter().zip(&expected) {
            assert!((found - expected).abs() < least * expected, "{how:?} {model:?} {losses:?} {expected:?}");
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
        Part::new(AlternatingLeastSquares::new(2), cut, workers.to_vec(), rank, (Travels::Sums, false), local)
            .map(|_| ())
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
