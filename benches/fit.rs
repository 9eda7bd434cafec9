//! How long does a half-step take, and how long a fit of one epoch?

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use penchant::bench::half_step;
use penchant::{AlternatingLeastSquares, CsrMatrix, Solver};

/// Users, items, entries for each user, factors.
const SIZES: [(usize, usize, usize, usize); 3] =
    [(2_000, 1_000, 20, 32), (2_000, 1_000, 20, 64), (2_000, 1_000, 20, 128)];

/// Popular items have small ids, as the square of a uniform number makes them.
fn plays(users: usize, items: usize, each: usize) -> CsrMatrix<f32> {
    let mut state = 1_u64;
    let mut random = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f64 / f64::from(1 << 24)
    };
    let entries = (0..users * each).map(|at| {
        let item = (random().powi(2) * items as f64) as i32;
        ((at / each) as i32, item, (random() * 10.0).ceil() as f32)
    });
    CsrMatrix::from_triplets(users, items, &entries.collect::<Vec<_>>()).expect("ids are in range")
}

fn fit(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("fit");
    group.sample_size(10);
    for (users, items, each, factors) in SIZES {
        let matrix = plays(users, items, each);
        group.throughput(Throughput::Elements(matrix.view().stored() as u64));
        group.bench_function(format!("one epoch, {factors} factors"), |bencher| {
            let als = AlternatingLeastSquares::new(factors).iterations(1);
            bencher.iter(|| als.fit(black_box(&matrix.view())).expect("the data is fine"));
        });
    }
    group.finish();
}

/// Each way of solving the rows of one side, from the same start.
fn one_side(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("half-step");
    group.sample_size(10);
    for (users, items, each, factors) in SIZES {
        let matrix = plays(users, items, each);
        let start = AlternatingLeastSquares::new(factors).iterations(1).fit(&matrix.view()).expect("it fits");
        group.throughput(Throughput::Elements(matrix.view().stored() as u64));
        for solver in [Solver::Auto, Solver::ConjugateGradient, Solver::Dual, Solver::Cholesky] {
            let als = AlternatingLeastSquares::new(factors).solver(solver);
            let mut solutions = start.user_factors().data().to_vec();
            group.bench_function(format!("{solver:?}, {factors} factors"), |bencher| {
                bencher.iter(|| half_step(&als, &matrix.view(), &mut solutions, start.item_factors().data()));
            });
        }
    }
    group.finish();
}

criterion_group!(benches, one_side, fit);
criterion_main!(benches);
