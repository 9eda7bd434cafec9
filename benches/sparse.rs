//! Sparse products and sums of rows: nearest neighbours of a LastFM-like matrix, and recommending by them.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use penchant::{CsrMatrix, Ease, Model, NearestNeighbours, RankOptions, Rp3Beta};

const USERS: usize = 20_000;
const ITEMS: usize = 15_000;
const PER_USER: usize = 35;

/// Users with items of a popularity that falls with the rank.
fn plays() -> CsrMatrix<f32> {
    let mut state = 1_u64;
    let mut random = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as f64 / (1_u64 << 31) as f64
    };
    let mut triplets = Vec::with_capacity(USERS * PER_USER);
    for user in 0..USERS {
        for _ in 0..PER_USER {
            let item = (ITEMS as f64).powf(random()) as usize - 1;
            triplets.push((user as i32, item as i32, 1.0 + (8.0 * random()) as f32));
        }
    }
    CsrMatrix::from_triplets(USERS, ITEMS, &triplets).expect("ids are in range")
}

fn sparse(c: &mut Criterion) {
    let plays = plays();
    let view = plays.view();
    let mut group = c.benchmark_group("sparse");
    group.sample_size(10);
    let terms: u64 = (0..view.rows()).map(|user| (view.row(user).indices.len() as u64).pow(2)).sum();
    group.throughput(Throughput::Elements(terms));
    for k in [20, 100] {
        group.bench_function(BenchmarkId::new("cosine", k), |b| {
            b.iter(|| NearestNeighbours::new(k).cosine(true).fit(black_box(&view)).expect("it fits"));
        });
        group.bench_function(BenchmarkId::new("rp3beta", k), |b| {
            b.iter(|| Rp3Beta::new(k).fit(black_box(&view)).expect("it fits"));
        });
    }
    let model = NearestNeighbours::new(20).cosine(true).fit(&view).expect("it fits");
    let everyone: Vec<i32> = (0..USERS as i32).collect();
    group.throughput(Throughput::Elements(USERS as u64));
    group.bench_function("recommend/20", |b| {
        b.iter(|| model.recommend(&everyone, Some(&view), true, &RankOptions::top(10)).expect("they fit"));
    });
    group.finish();

    let mut group = c.benchmark_group("ease");
    group.sample_size(10);
    let narrow = CsrMatrix::from_triplets(
        2_000,
        1_000,
        &(0..60_000).map(|n| (n % 2_000, (n * n / 7) % 1_000, 1.0_f32)).collect::<Vec<_>>(),
    )
    .expect("ids are in range");
    group.bench_function("1000", |b| {
        b.iter(|| Ease::new(100.0).fit(black_box(&narrow.view())).expect("it fits"));
    });
    group.finish();
}

criterion_group!(benches, sparse);
criterion_main!(benches);
