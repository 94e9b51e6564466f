//! The processor time of a thread.

use std::time::Duration;

/// Measures the processor time of the thread that reads it. While other processes have the processor it stands still, so that a batch counts what
/// it costs and not what it waits. The library alone, and systems without such a clock, measure wall time.
#[derive(Clone, Copy, Debug)]
pub(super) struct ThreadClock(Time);

#[cfg(all(unix, feature = "program"))]
type Time = Duration;
#[cfg(not(all(unix, feature = "program")))]
type Time = std::time::Instant;

impl ThreadClock {
    /// Begins now.
    pub fn start() -> Self {
        ThreadClock(now())
    }

    /// The time since the start.
    pub fn elapsed(self) -> Duration {
        since(self.0)
    }
}

#[cfg(all(unix, feature = "program"))]
fn now() -> Time {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::try_from(time).unwrap_or_default()
}

#[cfg(all(unix, feature = "program"))]
fn since(start: Time) -> Duration {
    now().saturating_sub(start)
}

#[cfg(not(all(unix, feature = "program")))]
fn now() -> Time {
    Time::now()
}

#[cfg(not(all(unix, feature = "program")))]
fn since(start: Time) -> Duration {
    start.elapsed()
}

#[cfg(all(test, unix, feature = "program"))]
mod tests {
    use super::*;

    #[test]
    fn waiting_costs_nothing_and_work_does() {
        let clock = ThreadClock::start();
        std::thread::sleep(Duration::from_millis(100));
        let slept = clock.elapsed();
        assert!(slept < Duration::from_millis(50), "{slept:?}");
        let mut sum = 0.0;
        (1..20_000_000).for_each(|n| sum += std::hint::black_box(1.0 / f64::from(n)));
        assert!(clock.elapsed() > slept + Duration::from_millis(1) && sum > 1.0);
    }
}
