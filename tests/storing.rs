//! The cost of storing, relative to the cheapest kernel. The only test of its file, so that no other test runs at the same time:
//! `cargo test --release --features slow-tests --test storing -- --nocapture`.

#![cfg(unix)]

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use levy_escape::engine::{BATCH, Batch, CHUNK, Cell, Chunks, Shard, StopFlag};
use levy_escape::experiment::Experiment;
use levy_escape::scheme::StreamSource;
use levy_escape::store::{Identity, PackedBatch, Store};

/// `jump_adapted` in one dimension, with rare escapes.
const CHEAPEST: &str = r#"name = "storing"
seed = 7
paths = 50_000_000

[noise]
alpha = 1.5
epsilon = 0.003

[[dynamics]]
sgd = {}

[[basin]]
name = "sharp"
potential = { quadratic = { curvature = [4.0] } }
domain = { interval = [-0.5, 0.5] }

[scheme]
jump_adapted = {}
"#;

/// Storing costs at most a tenth. The test measures processor time of this thread with and without storing, in blocks that
/// alternate every fifteen milliseconds, so that both see the same load. For commits it uses the median.
#[test]
fn storing_costs_little() {
    // As in a run with a fast kernel: the batches that are inserted together, and the number that a thread runs between two commits.
    const TOGETHER: usize = 8;
    const BLOCK: u64 = 16;
    const BLOCKS: u64 = 24;
    const COMMITS: u64 = 15;
    let experiment = Experiment::parse("storing.toml", CHEAPEST).unwrap();
    let folder = tempfile::tempdir().unwrap();
    touch_memory(folder.path(), COMMITS * BLOCKS * BLOCK * BATCH * CHUNK * 12);
    let mut store = Store::create(folder.path(), &Identity::of(&experiment, experiment.paths, Shard::WHOLE)).unwrap();
    let plan = &experiment.cells[0];
    let kernel = plan.scheme.prepare(&plan.problem).unwrap();
    let chunks = Chunks::new(vec![experiment.paths], Shard::WHOLE);
    let source = StreamSource { seed: experiment.seed, cell: 0 };
    let cell = Cell { kernel: &*kernel, source, limits: plan.limits };
    let (mut batch, stop) = (Batch::default(), StopFlag::default());
    let mut run = |number: u64, keep: &mut dyn FnMut(&Batch)| {
        batch.chunks = chunks.batch(number * BATCH, BATCH);
        batch.run(&cell, &stop);
        keep(&batch);
    };
    let (mut packed, mut spare): (Vec<PackedBatch>, Vec<Vec<u8>>) = (Vec::new(), Vec::new());
    let mut number = 0;
    let mut until_commit = || {
        let [mut bare, mut stored, mut packing, mut putting] = [0.0; 4];
        for _ in 0..BLOCKS {
            // An untimed run warms the cache, so that neither measurement includes the evictions of the other.
            run(number, &mut |_| {});
            bare += timed(|| (number..number + BLOCK).for_each(|number| run(number, &mut |_| {})));
            run(number, &mut |_| {});
            stored += timed(|| {
                for number in number..number + BLOCK {
                    run(number, &mut |batch| {
                        packing += timed(|| packed.push(PackedBatch::of(batch, spare.pop().unwrap_or_default())));
                    });
                    if packed.len() == TOGETHER {
                        putting += timed(|| store.put(&packed).unwrap());
                        spare.extend(packed.drain(..).map(PackedBatch::into_bytes));
                    }
                }
            });
            number += BLOCK;
        }
        let commit = timed(|| store.commit().unwrap());
        let chunk = |seconds: f64| 1e6 * seconds / (BLOCKS * BLOCK * BATCH) as f64;
        [chunk(bare), chunk(packing), chunk(putting), chunk(commit), (stored + commit) / bare - 1.0]
    };
    let commits: Vec<[f64; 5]> = (0..COMMITS).map(|_| until_commit()).collect();
    let [bare, packing, putting, commit, share] = [0, 1, 2, 3, 4].map(|of| {
        let mut values: Vec<f64> = commits.iter().map(|commit| commit[of]).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    });
    println!(
        "a chunk of 256 paths: {bare:.2} µs to run, {packing:.2} to pack, {putting:.2} to put in, {commit:.2} to commit: \
         storing takes {:.1} % more",
        100.0 * share
    );
    store.release();
    let size = store.path().metadata().unwrap().len() as f64 / (number * BATCH * CHUNK) as f64;
    println!("{size:.2} bytes a path");
    assert!(share < 0.1, "{share}");
    assert!(size < 12.0, "{size}");
}

/// A virtual machine obtains memory from its host at the first access, which takes several times as long as writing. Writing
/// and removing a file touches the memory that the store will use.
fn touch_memory(folder: &Path, bytes: u64) {
    let file = folder.join("touched");
    let written = File::create(&file).and_then(|mut file| io::copy(&mut io::repeat(1).take(bytes), &mut file));
    written.and_then(|_| fs::remove_file(&file)).unwrap();
}

fn timed(work: impl FnOnce()) -> f64 {
    let begun = processor_time();
    work();
    processor_time() - begun
}

/// Seconds of processor time of this thread.
fn processor_time() -> f64 {
    let mut spent = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the clock writes into a valid timespec.
    assert_eq!(unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut spent) }, 0, "no clock");
    spent.tv_sec as f64 + 1e-9 * spent.tv_nsec as f64
}
