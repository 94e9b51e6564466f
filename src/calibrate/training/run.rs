//! All trainings of a calibration, in parallel.

use candle_core::Device;

use super::network::{Loaded, Network};
use super::train::{CalibrationObserver, TrainedRun, Training};
use super::{Architecture, CalibrateError, CalibrationSettings};
use crate::calibrate::calibration::{Calibration, CalibrationOrigin, DataRecord, LayerRecord, NetworkRecord};
use crate::calibrate::data::batches::Purpose;
use crate::calibrate::data::images::DataSet;
use crate::calibrate::escape::{EscapeInput, NetworkEscape, NetworkInput, network_escape};
use crate::calibrate::scaling::{NoiseScaling, ScalingInput, noise_scaling};
use crate::scheme::StopFlag;

/// The results of a calibration.
pub struct Calibrated {
    /// The file that experiments name.
    pub calibration: Calibration,
    /// The trainings, with the data for the other files.
    pub runs: Vec<TrainedRun>,
    /// The network's escapes from its minimum, if the settings ask for them.
    pub escape: Option<NetworkEscape>,
    /// The scaling of the noise at its minimum, if the settings ask for it.
    pub scaling: Option<NoiseScaling>,
}

/// Trains the network with every optimiser and measures the noise of its gradients.
///
/// Each training runs on its own thread, with at most `threads` at a time and at most one per core. On a GPU they run one after
/// the other. The result depends on neither.
///
/// # Errors
/// [`CalibrateError`]. A training that diverges or is stopped is not an error: the run records it, together with the measurements so far.
pub fn calibrate(
    settings: &CalibrationSettings,
    data: &DataSet,
    device: &Device,
    threads: usize,
    stop: &StopFlag,
    observer: &dyn CalibrationObserver,
) -> Result<Calibrated, CalibrateError> {
    settings.check(data)?;
    let (shape, classes) = (data.train.shape, data.classes);
    let mut stream = Purpose::Weights.stream(settings.seed, 0);
    let network = Network::new(&settings.network, shape, classes, &mut stream, &Device::Cpu)?;
    let (train, test) = (Loaded::new(&data.train, device)?, Loaded::new(&data.test, device)?);
    let training =
        |number| Training { settings, number, train: &train, test: &test, shape, classes, device, stop, observer };
    let at_once = if device.is_cpu() { threads.max(1) } else { 1 };
    let mut runs = Vec::new();
    for numbers in (0..settings.optimisers.len()).collect::<Vec<_>>().chunks(at_once) {
        let finished: Vec<Result<TrainedRun, CalibrateError>> = std::thread::scope(|scope| {
            let handles: Vec<_> =
                numbers.iter().map(|&number| scope.spawn(move || alone(|| training(number).run()))).collect();
            handles
                .into_iter()
                .map(|handle| handle.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
                .collect()
        });
        for run in finished {
            runs.push(run?);
        }
    }
    let layers = network.ranges().iter();
    let calibration = Calibration::new(
        CalibrationOrigin { name: &settings.name, seed: settings.seed, device: device_name(device) },
        DataRecord {
            name: data.name.clone(),
            shape: data.train.shape,
            classes: data.classes,
            train: data.train.count(),
            test: data.test.count(),
        },
        NetworkRecord {
            kind: settings.network.name().to_string(),
            parameters: network.dim(),
            layers: layers.map(|l| LayerRecord { name: l.name.clone(), parameters: l.range.len() }).collect(),
        },
        settings.batch,
        runs.iter().map(|run| run.record.clone()).collect(),
    );
    let escape = settings.escape.as_ref().map(|settings_of_escape| {
        let begins = |minimum, configuration| observer.escaping(minimum, configuration);
        let restarted = |minimum, configuration, steps| observer.restarted(minimum, configuration, steps);
        at_minima(settings, data, threads, stop, |network| {
            let settings = settings_of_escape;
            network_escape(&EscapeInput { settings, network, device, begins: &begins, restarted: &restarted })
        })
    });
    let scaling = settings.scaling.as_ref().map(|settings_of_scaling| {
        let begins = |minimum| observer.scaling(minimum);
        at_minima(settings, data, threads, stop, |network| {
            noise_scaling(&ScalingInput { settings: settings_of_scaling, network, begins: &begins })
        })
    });
    let (escape, scaling) = (escape.transpose()?, scaling.transpose()?);
    Ok(Calibrated { calibration, runs, escape, scaling })
}

/// Measures at the minima of a fully connected network, with `threads` at a time.
fn at_minima<T: Send>(
    settings: &CalibrationSettings,
    data: &DataSet,
    threads: usize,
    stop: &StopFlag,
    measure: impl FnOnce(&NetworkInput<'_>) -> T + Send,
) -> Result<T, CalibrateError> {
    let Architecture::Mlp { hidden } = &settings.network else {
        return Err(CalibrateError::EscapeNetwork { network: settings.network.name() });
    };
    let network = NetworkInput {
        seed: settings.seed,
        images: &data.train,
        classes: data.classes,
        hidden,
        optimisers: &settings.optimisers,
        batch: settings.batch,
        iterations: settings.iterations,
        stop,
    };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().map_err(CalibrateError::Threads)?;
    Ok(pool.install(|| measure(&network)))
}

/// Runs `work` in a pool of one thread: several threads would be slower on matrices this small.
fn alone<T: Send>(work: impl FnOnce() -> Result<T, CalibrateError> + Send) -> Result<T, CalibrateError> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().map_err(CalibrateError::Threads)?;
    pool.install(work)
}

fn device_name(device: &Device) -> String {
    match device {
        Device::Cpu => "cpu",
        Device::Cuda(_) => "cuda",
        Device::Metal(_) => "metal",
    }
    .to_string()
}
