//! The vectors that the Python tests read too, made by dense `NumPy`.

use penchant::{
    AlternatingLeastSquares, Confidence, CsrMatrix, Factors, RankOptions, Real, Solver, training_loss,
};
use serde::Deserialize;

#[derive(Deserialize)]
struct Parameters {
    factors: usize,
    regularization: f64,
    alpha: f64,
    epsilon: f64,
    unobserved_weight: f64,
    regularization_exponent: f64,
    relaxation: f64,
}

#[derive(Deserialize)]
struct Als {
    parameters: Parameters,
    columns: usize,
    indptr: Vec<i64>,
    indices: Vec<i32>,
    values: Vec<f64>,
    user_factors: Vec<f64>,
    item_factors: Vec<f64>,
    losses: Vec<f64>,
    scores: Vec<f64>,
}

#[derive(Deserialize)]
struct Rank {
    factors: usize,
    user_factors: Vec<f64>,
    item_factors: Vec<f64>,
    ids: Vec<Vec<i32>>,
    scores: Vec<Vec<f64>>,
}

fn parameters(golden: &Parameters) -> AlternatingLeastSquares {
    AlternatingLeastSquares::new(golden.factors)
        .iterations(3)
        .regularization(golden.regularization)
        .alpha(golden.alpha)
        .confidence(Confidence::Log)
        .epsilon(golden.epsilon)
        .unobserved_weight(golden.unobserved_weight)
        .regularization_exponent(golden.regularization_exponent)
        .relaxation(golden.relaxation)
        .cg_steps(50)
}

fn assert_close(actual: f64, expected: f64, tolerance: f64) {
    assert!((actual - expected).abs() <= tolerance, "{actual} is not within {tolerance} of {expected}");
}

#[test]
fn every_solver_reproduces_the_scores_and_losses_of_dense_numpy() {
    let golden: Als = serde_json::from_str(include_str!("../golden/als.json")).unwrap();
    let matrix = CsrMatrix::new(golden.columns, golden.indptr, golden.indices, golden.values).unwrap();
    for solver in [Solver::Auto, Solver::ConjugateGradient, Solver::Dual, Solver::Cholesky] {
        let als = parameters(&golden.parameters).solver(solver);
        let (mut x, mut y) = (golden.user_factors.clone(), golden.item_factors.clone());
        let losses = als.fit_from(&matrix.view(), &mut x, &mut y, &()).unwrap();
        for (actual, expected) in losses.iter().zip(&golden.losses) {
            assert_close(*actual, *expected, 1e-9);
        }
        let from_definition = training_loss(&als, &matrix.view(), &x, &y).unwrap();
        assert_close(from_definition, golden.losses[2], 1e-9);
        let f = golden.parameters.factors;
        let scores = x.chunks_exact(f).flat_map(|x| y.chunks_exact(f).map(move |y| product(x, y)));
        for (actual, expected) in scores.zip(&golden.scores) {
            assert_close(actual, *expected, 1e-8);
        }
    }
}

fn product(x: &[f64], y: &[f64]) -> f64 {
    x.iter().zip(y).map(|(x, y)| x * y).sum()
}

fn check_rank<T: Real>(golden: &Rank) {
    let cast = |side: &[f64]| side.iter().map(|&x| T::from_f64(x)).collect();
    let model: Factors<T> =
        Factors::new(golden.factors, cast(&golden.user_factors), cast(&golden.item_factors)).unwrap();
    let users: Vec<i32> = (0..model.users() as i32).collect();
    let found = model.recommend(&users, None, &RankOptions::top(7)).unwrap();
    for (user, (ids, scores)) in golden.ids.iter().zip(&golden.scores).enumerate() {
        assert_eq!(found.ids(user), ids);
        assert_eq!(found.scores(user).iter().map(|s| s.to_f64()).collect::<Vec<_>>(), *scores);
    }
}

#[test]
fn a_file_from_python_is_opened_and_served() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/model.safetensors");
    let model = Factors::<f32>::open(path).unwrap();
    assert_eq!((model.users(), model.items(), model.factors()), (3, 4, 2));
    assert_eq!(model.user_factors().row(1), [3.0, -4.0]);
    let found = model.recommend(&[0], None, &RankOptions::top(2)).unwrap();
    assert_eq!((found.ids(0), found.scores(0)), (&[2, 3][..], &[6.0, 5.0][..]));
}

#[test]
fn rankings_are_those_of_a_stable_sort_in_numpy() {
    let golden: Rank = serde_json::from_str(include_str!("../golden/rank.json")).unwrap();
    check_rank::<f32>(&golden);
    check_rank::<f64>(&golden);
}
