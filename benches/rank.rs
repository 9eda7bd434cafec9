//! How long does it take to recommend, and to find what is alike?

use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use penchant::rank::Index;
use penchant::{Factors, RankOptions};

const USERS: usize = 512;
const ITEMS: usize = 50_000;

/// Factors with what fitted ones have: coordinates of falling size, and rows of very different norms.
fn model(factors: usize) -> Factors<f32> {
    let mut state = 1_u64;
    let mut random = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1_u32 << 24) as f32
    };
    let mut side = |rows: usize| -> Vec<f32> {
        let mut values = Vec::with_capacity(rows * factors);
        for _ in 0..rows {
            let norm = random().powi(3);
            values.extend((0..factors).map(|at| norm * (random() - 0.4) / (1.0 + at as f32).sqrt()));
        }
        values
    };
    let (users, items) = (side(USERS), side(ITEMS));
    Factors::new(factors, users, items).expect("all of them are finite")
}

fn rank(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("rank");
    group.sample_size(10);
    let everyone: Vec<i32> = (0..USERS as i32).collect();
    for factors in [64, 128] {
        let model = model(factors);
        for n in [10, 100] {
            let options = RankOptions::top(n);
            for (ids, who) in [(&everyone[..1], "1"), (&everyone[..], "512")] {
                group.throughput(Throughput::Elements(ids.len() as u64));
                group.bench_function(format!("recommend to {who}, N = {n}, {factors} factors"), |bencher| {
                    bencher.iter(|| model.recommend(black_box(ids), None, &options).expect("they exist"));
                });
                group.bench_function(format!("similar to {who}, N = {n}, {factors} factors"), |bencher| {
                    bencher.iter(|| model.similar_items(black_box(ids), &options).expect("they exist"));
                });
            }
        }
        group.throughput(Throughput::Elements(ITEMS as u64));
        group.bench_function(format!("packing, {factors} factors"), |bencher| {
            let sides = || (model.user_factors(), model.item_factors());
            let pack = |(users, items)| Index::of_items(users, items, 0).expect("they fit");
            bencher.iter_batched(sides, pack, BatchSize::PerIteration);
        });
    }
    group.finish();
}

criterion_group!(benches, rank);
criterion_main!(benches);
