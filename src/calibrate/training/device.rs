//! The device that trains a network.

use candle_core::Device;

use super::CalibrateError;

/// The requested device.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DeviceChoice {
    /// The first GPU that this build supports and this machine has; otherwise the processor.
    #[default]
    Auto,
    /// The processor.
    Cpu,
    /// An NVIDIA GPU; needs the feature `cuda`.
    Cuda,
    /// An Apple GPU; needs the feature `metal`.
    Metal,
}

impl DeviceChoice {
    /// Every choice.
    pub const ALL: [DeviceChoice; 4] = [DeviceChoice::Auto, DeviceChoice::Cpu, DeviceChoice::Cuda, DeviceChoice::Metal];

    /// The name used in files and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            DeviceChoice::Auto => "auto",
            DeviceChoice::Cpu => "cpu",
            DeviceChoice::Cuda => "cuda",
            DeviceChoice::Metal => "metal",
        }
    }

    /// Opens the device; also returns the reason for the choice.
    ///
    /// # Errors
    /// [`CalibrateError::Device`] if a GPU is requested by name and cannot be used. `Auto` never fails.
    pub fn open(self) -> Result<(Device, String), CalibrateError> {
        match self {
            DeviceChoice::Cpu => Ok((Device::Cpu, "cpu, as asked".to_string())),
            DeviceChoice::Cuda => open_cuda().map(|device| (device, "cuda, as asked".to_string())),
            DeviceChoice::Metal => open_metal().map(|device| (device, "metal, as asked".to_string())),
            DeviceChoice::Auto => Ok(automatic()),
        }
    }
}

fn automatic() -> (Device, String) {
    if !cfg!(any(feature = "cuda", feature = "metal")) {
        return (Device::Cpu, "cpu: this build has no GPU support".to_string());
    }
    let mut reasons = Vec::new();
    for (name, built, open) in [
        ("cuda", cfg!(feature = "cuda"), open_cuda as fn() -> Result<Device, CalibrateError>),
        ("metal", cfg!(feature = "metal"), open_metal),
    ] {
        match open() {
            Ok(device) => return (device, format!("{name}: a device was found")),
            Err(error) if built => reasons.push(error.reason()),
            Err(_) => {}
        }
    }
    (Device::Cpu, format!("cpu: {}", reasons.join("; ")))
}

fn open_cuda() -> Result<Device, CalibrateError> {
    if !cfg!(feature = "cuda") {
        return Err(CalibrateError::NotBuilt { device: "cuda" });
    }
    Device::new_cuda(0).map_err(|source| CalibrateError::Device { device: "cuda", source })
}

fn open_metal() -> Result<Device, CalibrateError> {
    if !cfg!(feature = "metal") {
        return Err(CalibrateError::NotBuilt { device: "metal" });
    }
    Device::new_metal(0).map_err(|source| CalibrateError::Device { device: "metal", source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn auto_says_why() {
        let (_, reason) = DeviceChoice::Auto.open().unwrap();
        assert!(reason.contains(':'), "{reason}");
        if !cfg!(feature = "metal") {
            let error = DeviceChoice::Metal.open().unwrap_err();
            assert_eq!(error.to_string(), "this build does not support the device metal");
        }
    }
}
