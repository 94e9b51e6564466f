//! The optimisers against paths recorded from PyTorch and Optax; `tests/data/optimisers.py` wrote them.

use std::collections::BTreeMap;

use super::*;

const RECORDED: &str = include_str!("../../../tests/data/optimisers.csv");
const START: [f64; 3] = [1.0, -0.5, 2.0];
/// Both sides compute in double precision.
const TOLERANCE: f64 = 1e-10;

type Path = BTreeMap<u64, [f64; 3]>;

fn recorded() -> BTreeMap<&'static str, Path> {
    let mut paths: BTreeMap<&str, Path> = BTreeMap::new();
    for row in RECORDED.lines().skip(1) {
        let cells: Vec<&str> = row.split(',').collect();
        let [name, step, x, y, z] = cells[..] else { panic!("{row}") };
        let theta = [x, y, z].map(|x| x.parse().unwrap());
        paths.entry(name).or_default().insert(step.parse().unwrap(), theta);
    }
    paths
}

/// The gradient of the recorded paths, with a spike at step 17.
fn gradient(theta: &[f64; 3], k: u64) -> [f64; 3] {
    let spike = if k == 17 { 100.0 } else { 0.0 };
    std::array::from_fn(|i| {
        let i_real = i as f64;
        2.0 * theta[i] + 3.0 * (0.7 * k as f64 + i_real).cos() + spike * (i_real + 1.0)
    })
}

fn path<R: Recursion>(mut stepper: Stepper<R>) -> Path {
    // A path before this one must leave no trace.
    stepper.step(&mut START.clone(), &mut [5.0, -7.0, 1e3]);
    stepper.start();
    let mut theta = START;
    (0..50)
        .map(|k| {
            let mut gradient = gradient(&theta, k);
            stepper.step(&mut theta, &mut gradient);
            (k + 1, theta)
        })
        .collect()
}

fn settings() -> StepSettings {
    StepSettings::default()
}

/// The optimisers of the recording, with the settings that its script names.
fn computed() -> Result<Vec<(&'static str, Path)>, crate::dynamics::DynamicsError> {
    let sgd = SgdSteps::new(0.05)?;
    let classical = sgd.with_momentum(Momentum::Classical(0.9))?;
    let adam = AdamSteps::new(0.03, 0.9, 0.99)?;
    let rmsprop = RmspropSteps::new(0.01, 0.9)?;
    let adagrad = AdagradSteps::new(0.2)?;
    let (norm, value) = (Clipping::Norm(1.5), Clipping::Value(0.8));
    let (step, cosine) = (Schedule::Step { every: 7, factor: 0.6 }, Schedule::Cosine { steps: 20, lowest: 0.001 });
    let (l2, decoupled) = (WeightDecay::L2, WeightDecay::Decoupled);
    let with_decay = |decay| settings().with_weight_decay(decay);
    let nesterov = |decay| sgd.with_momentum(Momentum::Nesterov(decay));
    let both = with_decay(decoupled(0.2))?.with_clipping(norm)?.with_schedule(cosine)?;
    let lion = LionSteps::new(0.03, 0.8, 0.95)?;
    Ok(vec![
        ("sgd", path(sgd.stepper(3))),
        ("sgd momentum", path(classical.stepper(3))),
        ("sgd nesterov", path(nesterov(0.8)?.stepper(3))),
        ("sgd weight decay", path(classical.with_settings(with_decay(l2(0.3))?)?.stepper(3))),
        ("sgd clipped by norm", path(classical.with_settings(with_decay(l2(0.3))?.with_clipping(norm)?)?.stepper(3))),
        ("sgd clipped by value", path(sgd.with_settings(settings().with_clipping(value)?)?.stepper(3))),
        ("sgd step schedule", path(classical.with_settings(settings().with_schedule(step)?)?.stepper(3))),
        ("sgd cosine schedule", path(nesterov(0.9)?.with_settings(settings().with_schedule(cosine)?)?.stepper(3))),
        ("adam", path(adam.stepper(3))),
        ("adam weight decay", path(adam.with_settings(with_decay(l2(0.5))?)?.stepper(3))),
        ("adam without memory", path(AdamSteps::new(0.03, 0.0, 0.99)?.with_stabilizer(1e-3)?.stepper(3))),
        ("adamw", path(adam.with_settings(with_decay(decoupled(0.5))?)?.stepper(3))),
        ("amsgrad", path(adam.with_amsgrad().stepper(3))),
        ("adamw amsgrad", path(adam.with_amsgrad().with_settings(both)?.stepper(3))),
        (
            "adam clipped by value",
            path(adam.with_settings(settings().with_clipping(value)?.with_schedule(step)?)?.stepper(3)),
        ),
        ("rmsprop", path(rmsprop.stepper(3))),
        ("rmsprop momentum", {
            let rmsprop = rmsprop.with_momentum(0.7)?.with_stabilizer(1e-4)?;
            path(rmsprop.with_settings(with_decay(l2(0.1))?.with_clipping(norm)?)?.stepper(3))
        }),
        ("adagrad", path(adagrad.stepper(3))),
        ("adagrad initial", {
            let adagrad = adagrad.with_initial(2.0)?.with_stabilizer(1e-3)?;
            path(adagrad.with_settings(with_decay(l2(0.1))?.with_schedule(cosine)?)?.stepper(3))
        }),
        ("lion", path(LionSteps::new(0.03, 0.9, 0.99)?.stepper(3))),
        ("lion weight decay", path(lion.with_settings(with_decay(decoupled(0.4))?)?.stepper(3))),
    ])
}

/// Largest difference of the recorded steps, relative to the numbers.
fn difference(recorded: &Path, computed: &Path) -> f64 {
    let of_step = |(step, theta): (&u64, &[f64; 3])| {
        theta.iter().zip(&computed[step]).map(|(a, b)| (a - b).abs() / a.abs()).fold(0.0, f64::max)
    };
    recorded.iter().map(of_step).fold(0.0, f64::max)
}

#[test]
fn every_optimiser_makes_the_recorded_steps() {
    let (recorded, computed) = (recorded(), computed().unwrap());
    assert_eq!(recorded.len(), computed.len());
    for (name, path) in &computed {
        let recorded = &recorded[name];
        assert_eq!((recorded.len(), recorded.keys().last()), (12, Some(&50)), "{name}");
        let found = difference(recorded, path);
        assert!(found < TOLERANCE, "{name}: {found:e}");
    }
}

/// The comparison tells all optimisers and settings apart.
#[test]
fn no_optimiser_makes_the_steps_of_another() {
    let (recorded, computed) = (recorded(), computed().unwrap());
    for (name, path) in &computed {
        for (other, steps) in recorded.iter().filter(|(other, _)| *other != name) {
            assert!(difference(steps, path) > 1e-3, "{name} and {other}");
        }
    }
}
