//! Fits with features against the objective from its definition, and every way of solving against the others.

use faer::linalg::solvers::Solve;
use faer::{Mat, Side};

use super::ridge::Ridge;
use super::*;
use crate::models::als::{AlternatingLeastSquares, Confidence, Solver};
use crate::sparse::CsrMatrix;

const USERS: usize = 30;
const ITEMS: usize = 40;
const F: usize = 5;

/// Numbers that look random.
fn number(seed: usize) -> f64 {
    ((seed * 7919 + 13) % 1009) as f64 / 1009.0
}

/// Entries of all kinds; users 3 and 29 and items 7, 8 and 39 have none but zeros.
fn entries<T: Real>() -> CsrMatrix<T> {
    let mut triplets = Vec::new();
    for (u, i) in (0..USERS).flat_map(|u| (0..ITEMS).map(move |i| (u, i))) {
        let (cold, is_there) = ([3, 29].contains(&u) || [7, 8, 39].contains(&i), number(u * 41 + i) < 0.2);
        if cold && (u + i) % 11 == 0 {
            triplets.push((u as i32, i as i32, T::ZERO));
        } else if !cold && is_there {
            let value = if (u + i) % 9 == 0 { -0.5 } else { 0.5 + 2.0 * number(u + 31 * i) };
            triplets.push((u as i32, i as i32, T::from_f64(value)));
        }
    }
    CsrMatrix::from_triplets(USERS, ITEMS, &triplets).expect("they are in range")
}

/// `count` features of rows: some of the first, and ones in the last.
fn features<T: Real>(rows: usize, count: usize) -> CsrMatrix<T> {
    let mut triplets = Vec::new();
    for u in 0..rows {
        for k in (0..count - 1).filter(|k| number(u * 17 + k * 3) < 0.3) {
            triplets.push((u as i32, k as i32, T::from_f64(number(u + k) - 0.3)));
        }
        triplets.push((u as i32, count as i32 - 1, T::ONE));
    }
    CsrMatrix::from_triplets(rows, count, &triplets).expect("they are in range")
}

struct Fitted<T> {
    x: Vec<T>,
    y: Vec<T>,
    a: Vec<T>,
    b: Vec<T>,
    losses: Vec<f64>,
}

fn fit<T: Real>(model: &AlternatingLeastSquares, of_users: usize, of_items: usize) -> Fitted<T> {
    let (entries, f, g) = (entries::<T>(), features(USERS, of_users), features(ITEMS, of_items));
    let (mut x, mut y) = (vec![T::ZERO; USERS * F], vec![T::ZERO; ITEMS * F]);
    let (mut a, mut b) = (vec![T::ZERO; of_users * F], vec![T::ZERO; of_items * F]);
    let features = Features {
        users: Some(FeaturesOf { features: f.view(), coefficients: &mut a }),
        items: Some(FeaturesOf { features: g.view(), coefficients: &mut b }),
    };
    let losses = model.fit_with_features(&entries.view(), (&mut x, &mut y), features, false, &());
    Fitted { x, y, a, b, losses: losses.expect("all is well") }
}

fn model() -> AlternatingLeastSquares {
    AlternatingLeastSquares::new(F)
        .regularization(0.3)
        .regularization_exponent(0.5)
        .unobserved_weight(0.2)
        .confidence(Confidence::Linear)
        .iterations(6)
        .feature_regularization(2.0)
}

/// The objective as the issue of features has it, pair by pair, over the total weight; rows without entries take no part.
fn objective<T: Real>(model: &AlternatingLeastSquares, fitted: &Fitted<T>, counts: (usize, usize)) -> f64 {
    let (matrix, objective) = (entries::<T>(), model.objective());
    let transposed = matrix.view().transpose();
    let value = |v: &[T], at: usize| v[at].to_f64();
    let is_cold = |rows: &CsrMatrix<T>, u: usize| rows.view().row(u).values.iter().all(|&r| r == T::ZERO);
    let mut sum = 0.0;
    for (u, i) in (0..USERS).flat_map(|u| (0..ITEMS).map(move |i| (u, i))) {
        if is_cold(&matrix, u) || is_cold(&transposed, i) {
            continue;
        }
        let score: f64 = (0..F).map(|k| value(&fitted.x, u * F + k) * value(&fitted.y, i * F + k)).sum();
        let r = matrix.view().value(u, i).to_f64();
        let c = if r == 0.0 { objective.unobserved_weight } else { objective.confidence(r.abs()) };
        sum += c * (f64::from(r > 0.0) - score).powi(2);
    }
    let strength = model.feature_strength;
    for (rows, x, a, count) in
        [(&matrix, &fitted.x, &fitted.a, counts.0), (&transposed, &fitted.y, &fitted.b, counts.1)]
    {
        let features = features::<T>(rows.view().rows(), count);
        let (mut lambdas, mut penalty, mut drawn) = (Vec::new(), 0.0, 0.0);
        for u in (0..rows.view().rows()).filter(|&u| !is_cold(rows, u)) {
            // Five are cold, two of the users and three of the items.
            let columns = if rows.view().rows() == USERS { ITEMS - 3 } else { USERS - 2 };
            let lambda = objective.row_regularization(rows.view().row(u), columns);
            lambdas.push(lambda);
            let row = features.view().row(u);
            for k in 0..F {
                let pairs = row.indices.iter().zip(row.values);
                let mean: f64 = pairs.map(|(&j, v)| v.to_f64() * value(a, j as usize * F + k)).sum();
                penalty += lambda * value(x, u * F + k).powi(2);
                drawn += lambda * (value(x, u * F + k) - mean).powi(2);
            }
        }
        let mean = lambdas.iter().sum::<f64>() / lambdas.len() as f64;
        let square: f64 = a.iter().map(|a| a.to_f64().powi(2)).sum();
        sum += (1.0 - strength).max(0.0) * penalty
            + strength * (drawn + model.feature_regularization * mean * square);
    }
    sum / objective.total_weight(&matrix.view())
}

#[test]
fn the_loss_is_the_objective_for_every_solver_strength_and_precision() {
    for strength in [0.0, 0.4, 1.0, 5.0] {
        for solver in [Solver::Auto, Solver::ConjugateGradient, Solver::Dual, Solver::Cholesky] {
            let model = model().feature_strength(strength).solver(solver);
            let fitted = fit::<f64>(&model, 6, 9);
            let (loss, expected) = (fitted.losses[5], objective(&model, &fitted, (6, 9)));
            assert!((loss - expected).abs() < 1e-10 * expected, "{strength} {solver:?}: {loss} {expected}");
            let fitted = fit::<f32>(&model, 6, 9);
            let (loss, expected) = (fitted.losses[5], objective(&model, &fitted, (6, 9)));
            assert!((loss - expected).abs() < 1e-4 * expected, "{strength} {solver:?}: {loss} {expected}");
        }
    }
}

#[test]
fn exact_solvers_agree_and_plain_epochs_only_go_down() {
    for strength in [0.0, 0.4, 1.0, 5.0] {
        let model = model().feature_strength(strength).relaxation(1.0).iterations(30);
        let one = fit::<f64>(&model.clone().solver(Solver::Cholesky), 6, 9);
        let other = fit::<f64>(&model.clone().solver(Solver::Dual), 6, 9);
        let iterated = fit::<f64>(&model.cg_steps(30).solver(Solver::ConjugateGradient), 6, 9);
        for (at, &x) in one.x.iter().chain(&one.b).enumerate() {
            let others =
                [&other, &iterated].map(|fitted| *fitted.x.iter().chain(&fitted.b).nth(at).expect("as many"));
            assert!(others.iter().all(|other| (x - other).abs() < 1e-6), "{strength} {at}: {x} {others:?}");
        }
        assert!(one.losses.is_sorted_by(|a, b| a >= b), "{strength}: {:?}", one.losses);
    }
}

#[test]
fn rows_without_entries_are_what_their_features_say() {
    let fitted = fit::<f64>(&model(), 6, 9);
    let features = features::<f64>(ITEMS, 9);
    let said = factors_of(&features.view(), DenseView::of_rows(&fitted.b, F), 1).expect("they fit");
    for i in [7, 8, 39] {
        for (y, said) in fitted.y[i * F..][..F].iter().zip(&said[i * F..]) {
            assert!((y - said).abs() < 1e-12 && *y != 0.0);
        }
    }
    assert!(fitted.y[..F].iter().zip(&said).any(|(y, said)| (y - said).abs() > 1e-3));
}

#[test]
fn rows_folded_in_are_drawn_to_their_features() {
    let model = model().solver(Solver::Cholesky).relaxation(1.0).iterations(1);
    for strength in [0.0, 0.4, 1.0, 5.0] {
        let model = model.clone().feature_strength(strength);
        let fitted = fit::<f64>(&model, 6, 9);
        let (entries, features) = (entries::<f64>().view().transpose(), features::<f64>(ITEMS, 9));
        // As the fit had it: users without entries took no part.
        let mut users = fitted.x.clone();
        for u in [3, 29] {
            users[u * F..][..F].fill(0.0);
        }
        let (users, b) = (DenseView::of_rows(&users, F), DenseView::of_rows(&fitted.b, F));
        let gram = crate::Gram::of(users, 1).expect("it has factors");
        let gram = gram.counting(USERS - 2);
        let known = RowFeatures { features: features.view(), coefficients: b, seen: Seen::ByFew };
        let found = model.fold_in_with(&entries.view(), Some(known), users, &gram, &()).expect("all is well");
        let said = factors_of(&features.view(), b, 1).expect("they fit");
        let objective = model.objective();
        for i in 0..ITEMS {
            let (y, said, row) = (&found[i * F..][..F], &said[i * F..][..F], entries.view().row(i));
            let lambda = objective.row_regularization(row, USERS - 2);
            // The gradient of the row's part of the objective.
            let mut gradient: Vec<f64> =
                (0..F).map(|k| lambda * (strength.max(1.0) * y[k] - strength * said[k])).collect();
            if row.values.iter().all(|&r| r == 0.0) {
                assert!(y.iter().zip(said).all(|(y, said)| (y - said).abs() < 1e-12), "{strength} {i}");
                continue;
            }
            let entered = row.values.iter().filter(|&&r| r != 0.0).count() as f64;
            for u in 0..USERS {
                let (x, r) = (users.row(u), entries.view().value(i, u));
                let seen = if strength > 0.0 { entered / (entered + 30.0) } else { 1.0 };
                let c =
                    if r == 0.0 { seen * objective.unobserved_weight } else { objective.confidence(r.abs()) };
                let score: f64 = x.iter().zip(y).map(|(x, y)| x * y).sum();
                let by = c * (score - f64::from(r > 0.0));
                gradient.iter_mut().zip(x).for_each(|(g, x)| *g += by * x);
            }
            assert!(gradient.iter().all(|g| g.abs() < 1e-9), "{strength} {i}: {gradient:?}");
        }
    }
}

#[test]
fn many_features_are_regressed_on_as_few_are() {
    let (rows, many) = (ITEMS, 700);
    let wide = features::<f64>(rows, many);
    let narrow = features::<f64>(rows, 400);
    // So few to a row that the matrix of all is sparse.
    let places = |u: usize| {
        (0..4).map(move |k| (u as i32, ((u * 7 + k * 131) % (many - 1)) as i32, 0.5 + number(u + k)))
    };
    let mut triplets: Vec<_> = (0..rows).flat_map(places).collect();
    triplets.extend((0..rows).map(|u| (u as i32, many as i32 - 1, 1.0)));
    triplets.sort_by_key(|&(u, k, _)| (u, k));
    triplets.dedup_by_key(|&mut (u, k, _)| (u, k));
    let sparse = CsrMatrix::from_triplets(rows, many, &triplets).expect("they are in range");
    let x: Vec<f64> = (0..rows * F).map(|at| number(at) - 0.5).collect();
    let weights: Vec<f64> = (0..rows).map(|u| if u == 4 { 0.0 } else { 1.0 + number(u) }).collect();
    for (features, penalty) in [(&wide, 0.5), (&wide, 20.0), (&narrow, 0.5), (&sparse, 0.5), (&sparse, 20.0)]
    {
        let (view, count) = (features.view(), features.view().columns());
        let mut ridge = Ridge::new(&view, weights.clone(), penalty, F, &()).expect("it is positive");
        let mut found = vec![0.0; count * F];
        let first = ridge.solve(&view, &x, &mut found);
        // From the solution there is nothing to gain, and nothing moves.
        let again = ridge.solve_exactly(&view, &x, &mut found.clone());
        assert!(first.before.abs() < 1e-12 && first.after < 0.0);
        assert!((again.before - first.after).abs() < 1e-6 * first.after.abs());
        // By the normal equations, all of them written down.
        let dense = |u: usize, k: usize| view.value(u, k);
        let sum = |k: usize, other: &dyn Fn(usize) -> f64| -> f64 {
            (0..rows).map(|u| weights[u] * dense(u, k) * other(u)).sum()
        };
        let matrix =
            Mat::from_fn(count, count, |k, l| sum(k, &|u| dense(u, l)) + if k == l { penalty } else { 0.0 });
        let right = Mat::from_fn(count, F, |k, j| sum(k, &|u| x[u * F + j]));
        let solution = matrix.llt(Side::Lower).expect("it is positive").solve(&right);
        let least: f64 =
            -(0..count * F).map(|at| solution[(at / F, at % F)] * right[(at / F, at % F)]).sum::<f64>();
        assert!(
            (again.after - least).abs() < 1e-6 * least.abs(),
            "{count} {penalty}: {} {least}",
            again.after
        );
        let size = (0..count * F).map(|at| solution[(at / F, at % F)].abs()).fold(0.0, f64::max);
        assert!((0..count * F).all(|at| (found[at] - solution[(at / F, at % F)]).abs() < 1e-2 * size));
    }
}

#[test]
fn the_bits_are_the_same_on_any_threads() {
    for counts in [(6, 9), (6, 700)] {
        let [one, three] = [1, 3].map(|threads| fit::<f32>(&model().threads(threads), counts.0, counts.1));
        assert_eq!(
            (one.x, one.y, one.a, one.b, one.losses),
            (three.x, three.y, three.a, three.b, three.losses)
        );
    }
}

#[test]
fn what_does_not_fit_is_an_error() {
    let (entries, f) = (entries::<f64>(), features::<f64>(USERS - 1, 6));
    let (mut x, mut y) = (vec![0.0; USERS * F], vec![0.0; ITEMS * F]);
    let mut a = vec![0.0; 6 * F];
    let users = Some(FeaturesOf { features: f.view(), coefficients: &mut a });
    let features = Features { users, items: None };
    let found = model().fit_with_features(&entries.view(), (&mut x, &mut y), features, false, &());
    let message = found.expect_err("a row is missing").to_string();
    assert_eq!(message, "the number of rows of user_features (one for each user) must be 30, got 29");
    let mistakes = [model().feature_strength(-1.0), model().feature_regularization(0.0)];
    assert!(mistakes.iter().all(|model| model.check_parameters().is_err()));
}
