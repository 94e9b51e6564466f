//! The parser of experiment files against damaged files.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use levy_escape::experiment::Experiment;
use levy_escape::noise::{Seed, Stream};
use rand::Rng;

/// Every section, every kind of sweep, every potential and domain.
const RICH: &str = r#"name = "rich"
seed = 20201206
paths = 20_000
max_time = 1e6
figures = ["gamma-vs-epsilon", "exponential-law", "laplace"]
quick = { paths = 500 }

[noise]
alpha = [1.2, 1.5, 1.8]
epsilon = { from = 0.003, to = 0.3, count = 3, scale = "log" }
structure = "independent"       # "isotropic"
measure = "standard"
amplitude = { values = [0.5, 1.0] }

[[dynamics]]
sgd = {}

[[dynamics]]
name = "adam, decays"
adam = { beta1 = 0.9, beta2 = 0.999, stabilizer = 1e-8, second_moment = "frozen" }
alpha = 1.9
eta = [0.01, 0.001]
amplitude = 2

[[dynamics]]
adam = { beta1_rate = 1.0, beta2_rate = 0.1, second_moment = "mean_field" }

[[basin]]
name = "sharp"
potential = { quadratic = { curvature = [4.0, 1.0] } }
domain = { box = [[-0.5, 0.5], [-1, { from = 1, to = 2, count = 3 }]] }
start = [0.1, 0.2]

[[basin]]
name = "dense"
potential = { quadratic = { hessian = [[2.0, 0.5], [0.5, 1.0]] } }
domain = { ball = { radius = [0.5, 1] } }
inset = { gamma = 1.5 }

[[basin]]
name = "lopsided"
potential = { asymmetric = { left = [4.0], right = [1.0] } }
domain = { level = { height = 0.5 } }
minimum = [0.25]

[[basin]]
name = "two wells"
potential = { double_well = { minima = [-1.0, 1.5], saddle = 0.1, stiffness = 2.0, transverse = [1.0], well = "right" } }
domain = { level = { height = 0.05 } }

[[basin]]
name = "none"
dim = 3
potential = { none = {} }
domain = { ellipsoid = { semi_axes = [1.0, 2.0, 3.0] } }

[[scheme]]
jump_adapted = { threshold = 0.2 }

[[scheme]]
euler = { step = 0.01, monitoring = "corrected", max_steps = 1_000_000 }
"#;

/// Bytes with a meaning in TOML or in numbers, and a few without.
const BYTES: &[u8] = b"0123456789.-+_e=,[]{}\"'#\n \\abz\0\xff\xce";

fn below(stream: &mut Stream, n: usize) -> usize {
    (stream.next_u64() % n as u64) as usize
}

/// One to four edits, deletions, insertions or duplications.
fn damaged(stream: &mut Stream) -> Vec<u8> {
    let mut text = RICH.as_bytes().to_vec();
    for _ in 0..1 + below(stream, 4) {
        let at = below(stream, text.len());
        let end = (at + 1 + below(stream, 40)).min(text.len());
        let byte = BYTES[below(stream, BYTES.len())];
        match below(stream, 4) {
            0 => text[at] = byte,
            1 => text.insert(at, byte),
            2 => drop(text.drain(at..end)),
            _ => {
                let copy = text[at..end].to_vec();
                let to = below(stream, text.len());
                text.splice(to..to, copy);
            }
        }
    }
    text
}

#[test]
fn the_undamaged_file_is_right() {
    let experiment = Experiment::parse("rich.toml", RICH).unwrap();
    // Two schemes, 3 + 2 + 1 + 1 + 1 basins; α × level × amplitude: 18 for two dynamics, 2 for the one with its own.
    assert_eq!(experiment.cells.len(), 2 * 8 * (18 + 2 + 18));
}

/// No damage makes the parser panic, think for a second, or plan more than its limits allow; and an error has a message.
#[test]
fn no_damage_brings_the_parser_down() {
    const FILES: u64 = 20_000;
    let threads = std::thread::available_parallelism().map_or(1, |n| n.get() as u64);
    let accepted = AtomicUsize::new(0);
    let work = |thread: u64| {
        let mut worst = (Duration::ZERO, 0);
        for file in (thread..FILES).step_by(threads as usize) {
            let text = damaged(&mut Stream::new(Seed(42), 0, file));
            let text = String::from_utf8_lossy(&text);
            let start = Instant::now();
            match Experiment::parse("damaged.toml", &text) {
                Ok(experiment) => {
                    accepted.fetch_add(1, Ordering::Relaxed);
                    assert!(experiment.cells.len() <= 1_000_000 && !experiment.name.contains('/'));
                }
                Err(errors) => assert!(!errors.findings().is_empty(), "refused without a reason: {text}"),
            }
            worst = worst.max((start.elapsed(), file));
        }
        worst
    };
    let worst = std::thread::scope(|scope| {
        let work = &work;
        let handles: Vec<_> = (0..threads).map(|thread| scope.spawn(move || work(thread))).collect();
        handles.into_iter().map(|handle| handle.join().unwrap()).max().unwrap()
    });
    // Some damage does no harm, so that planning is tried as well as reading.
    assert!((1_000..FILES as usize / 2).contains(&accepted.load(Ordering::Relaxed)), "{accepted:?} files accepted");
    assert!(worst.0 < Duration::from_secs(1), "file {} took {:?}", worst.1, worst.0);
}
