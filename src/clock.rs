//! Wall time as a value: the system's, or one that tests and the lab set.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::time::Instant;

/// A source of wall time. Cheap to copy.
///
/// A virtual clock advances with tokio's monotonic clock, so a paused test rules both; a scaled one runs faster, so that a
/// wait of minutes on a simulated router takes seconds.
#[derive(Clone, Copy, Debug)]
pub struct Clock(Source);

#[derive(Clone, Copy, Debug)]
enum Source {
    System,
    Virtual {
        start: DateTime<Utc>,
        origin: Instant,
        scale: f64,
    },
}

impl Clock {
    /// The system's wall clock.
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that shows `start` now and advances with tokio's clock.
    pub fn starting_at(start: DateTime<Utc>) -> Self {
        Self(Source::Virtual {
            start,
            origin: Instant::now(),
            scale: 1.0,
        })
    }

    /// A clock that shows the same time now and runs `factor` times as fast; `factor` must be positive.
    pub fn scaled(self, factor: f64) -> Self {
        Self(Source::Virtual {
            start: self.now(),
            origin: Instant::now(),
            scale: self.scale() * factor,
        })
    }

    /// The time it is.
    pub fn now(&self) -> DateTime<Utc> {
        match self.0 {
            Source::System => Utc::now(),
            Source::Virtual { start, origin, scale } => {
                let elapsed = origin.elapsed().mul_f64(scale);
                start + TimeDelta::from_std(elapsed).unwrap_or(TimeDelta::MAX)
            }
        }
    }

    /// The real span after which this clock has advanced by `span`.
    pub fn real(&self, span: Duration) -> Duration {
        span.div_f64(self.scale())
    }

    /// Waits until this clock has advanced by `span`.
    pub async fn sleep(&self, span: Duration) {
        tokio::time::sleep(self.real(span)).await;
    }

    fn scale(&self) -> f64 {
        match self.0 {
            Source::System => 1.0,
            Source::Virtual { scale, .. } => scale,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_scaled_clock_runs_ahead_of_the_monotonic_one() {
        let start = DateTime::from_timestamp(1_900_000_000, 0).expect("a valid time");
        let clock = Clock::starting_at(start).scaled(60.0);
        clock.sleep(Duration::from_secs(600)).await;
        assert_eq!((clock.now() - start).num_seconds(), 600);
    }
}
