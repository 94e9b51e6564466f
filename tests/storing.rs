//! What storing costs, beside the cheapest kernel. Alone in its file, so that no other test runs beside it:
//! `cargo test --release --features slow-tests --test storing -- --nocapture`.

#![cfg(unix)]

use levy_escape::engine::{BATCH, Batch, CHUNK, Cell, Chunks, Shard, StopFlag};
use levy_escape::experiment::{Experiment, Identity, PackedBatch, Store};
use levy_escape::scheme::StreamSource;

/// Jump-adapted on a line where escapes are rare.
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

/// At most a tenth: processor time of this thread with storing and without, in turns, so that both meet the same load; the fastest turn
/// of each, as of every kernel.
#[test]
fn storing_costs_little() {
    // As a run does with a fast kernel: batches that are put in together, and as many as a thread runs between two commits.
    const TOGETHER: usize = 4;
    const TURN: u64 = 512;
    const TURNS: u64 = 9;
    let experiment = Experiment::parse("storing.toml", CHEAPEST).unwrap();
    let folder = tempfile::tempdir().unwrap();
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
    let mut turn = |turn: u64| {
        let numbers = turn * TURN..(turn + 1) * TURN;
        // While the system writes what came before, its work is counted as this thread's.
        // SAFETY: it takes nothing and cannot fail.
        unsafe { libc::sync() };
        let begun = processor_time();
        numbers.clone().for_each(|number| run(number, &mut |_| {}));
        let bare = processor_time() - begun;
        let (begun, mut putting) = (processor_time(), 0.0);
        let mut put = |store: &mut Store, packed: &[PackedBatch]| {
            let begun = processor_time();
            if packed.is_empty() {
                store.commit().unwrap()
            } else {
                store.put(packed).unwrap()
            }
            putting += processor_time() - begun;
        };
        for number in numbers {
            run(number, &mut |batch| packed.push(PackedBatch::of(batch, spare.pop().unwrap_or_default())));
            if packed.len() == TOGETHER {
                put(&mut store, &packed);
                spare.extend(packed.drain(..).map(PackedBatch::into_bytes));
            }
        }
        put(&mut store, &[]);
        let stored = processor_time() - begun;
        [bare, stored, putting].map(|time| 1e6 * time / (TURN * BATCH) as f64)
    };
    let turns: Vec<[f64; 3]> = (0..TURNS).map(&mut turn).collect();
    let [bare, stored, putting] = [0, 1, 2].map(|of| turns.iter().map(|turn| turn[of]).fold(f64::INFINITY, f64::min));
    let share = stored / bare - 1.0;
    println!(
        "a chunk of 256 paths: {bare:.2} µs to run, {:.2} more to run and store it, {putting:.2} of them to put it in: {:.1} %",
        stored - bare,
        100.0 * share
    );
    store.release();
    let size = store.path().metadata().unwrap().len() as f64 / (TURNS * TURN * BATCH * CHUNK) as f64;
    println!("{size:.2} bytes a path");
    assert!(share < 0.1, "{share}");
    assert!(size < 12.0, "{size}");
}

/// Seconds of processor time of this thread.
fn processor_time() -> f64 {
    let mut spent = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the clock writes into a valid timespec.
    assert_eq!(unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut spent) }, 0, "no clock");
    spent.tv_sec as f64 + 1e-9 * spent.tv_nsec as f64
}
