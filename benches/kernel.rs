//! How fast are the inner loops, in operations per second, with their data in the caches?

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use penchant::bench::{Gather, gram, rotate};

/// Numbers of factors.
const FACTORS: [usize; 4] = [32, 64, 128, 256];

/// Rows of one pass: what a user typically has.
const ROWS: usize = 48;

/// Two operations (a product and a sum) for each number in each of the two uses. The first pass gathers the rows,
/// those after it have them at hand.
fn pass(criterion: &mut Criterion) {
    for passes in [1, 4] {
        let mut group = criterion.benchmark_group(format!("kernel/passes-{passes}"));
        for f in FACTORS {
            let mut gather = Gather::<f32>::new(ROWS, f, (0..ROWS as i32).collect());
            group.throughput(Throughput::Elements((4 * ROWS * f * passes) as u64));
            let full = BenchmarkId::new("full", f);
            group.bench_function(full, |bencher| bencher.iter(|| gather.full(passes)));
            let compact = BenchmarkId::new("compact", f);
            group.bench_function(compact, |bencher| bencher.iter(|| gather.compact(passes)));
        }
        group.finish();
    }
}

fn dense(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("kernel/dense");
    for f in FACTORS {
        let rows: Vec<f32> = (0..128 * f).map(|at| (at % 89) as f32 / 89.0).collect();
        let panels: Vec<f32> = (0..f * f).map(|at| (at % 83) as f32 / 83.0).collect();
        let mut out = vec![0.0; 128 * f];
        group.throughput(Throughput::Elements((2 * 128 * f * f) as u64));
        group.bench_function(BenchmarkId::new("rotate", f), |bencher| {
            bencher.iter(|| rotate(&rows, &panels, f, &mut out));
        });
        let mut sum = vec![0.0; f * f];
        group.throughput(Throughput::Elements((128 * f * (f + 16)) as u64));
        group.bench_function(BenchmarkId::new("gram", f), |bencher| {
            bencher.iter(|| gram(&rows, f, &mut out, &mut sum));
        });
    }
    group.finish();
}

criterion_group!(benches, pass, dense);
criterion_main!(benches);
