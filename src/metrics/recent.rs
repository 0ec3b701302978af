//! The calls of late: how many, how long they took and why they failed, for whoever asks the server itself.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Mutex,
    time::Duration,
};

use chrono::{DateTime, Utc};

use super::Ended;

/// Durations kept per tool: enough for a 99th percentile, little enough to sort on every request.
const SAMPLES: usize = 1000;

/// What is kept of the calls of one process.
#[derive(Default)]
pub(crate) struct Recent(Mutex<State>);

#[derive(Default)]
struct State {
    tools: BTreeMap<&'static str, Tool>,
    failures: BTreeMap<&'static str, Failures>,
}

#[derive(Default)]
struct Tool {
    calls: u64,
    ok: u64,
    failed: u64,
    durations: VecDeque<Duration>,
    last_failure_at: Option<DateTime<Utc>>,
}

struct Failures {
    count: u64,
    last_at: DateTime<Utc>,
}

/// The figures of one tool.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ToolFigures {
    pub(crate) name: &'static str,
    pub(crate) calls: u64,
    pub(crate) ok: u64,
    pub(crate) failed: u64,
    pub(crate) last_failure_at: Option<DateTime<Utc>>,
    durations: Vec<Duration>,
}

/// How often one code was the answer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct FailureFigures {
    pub(crate) code: &'static str,
    pub(crate) count: u64,
    pub(crate) last_at: DateTime<Utc>,
}

impl Recent {
    /// Counts one call.
    pub(crate) fn count(&self, ended: &Ended) {
        let mut state = self.0.lock().expect("no code panics while it holds the lock");
        let tool = state.tools.entry(ended.tool).or_default();
        tool.calls += 1;
        match ended.code {
            None => tool.ok += 1,
            Some(_) if ended.refused => {}
            Some(_) => {
                tool.failed += 1;
                tool.last_failure_at = Some(ended.at);
            }
        }
        if tool.durations.len() == SAMPLES {
            tool.durations.pop_front();
        }
        tool.durations.push_back(ended.duration);
        if let Some(code) = ended.code {
            let failures = state.failures.entry(code).or_insert(Failures {
                count: 0,
                last_at: ended.at,
            });
            failures.count += 1;
            failures.last_at = ended.at;
        }
    }

    /// The figures of every tool that was called, by name.
    pub(crate) fn tools(&self) -> Vec<ToolFigures> {
        let state = self.0.lock().expect("no code panics while it holds the lock");
        let figures = state.tools.iter().map(|(name, tool)| {
            let mut durations: Vec<Duration> = tool.durations.iter().copied().collect();
            durations.sort_unstable();
            ToolFigures {
                name,
                calls: tool.calls,
                ok: tool.ok,
                failed: tool.failed,
                last_failure_at: tool.last_failure_at,
                durations,
            }
        });
        figures.collect()
    }

    /// The most frequent codes, at most `limit`.
    pub(crate) fn failures(&self, limit: usize) -> Vec<FailureFigures> {
        let state = self.0.lock().expect("no code panics while it holds the lock");
        let mut figures: Vec<FailureFigures> = state
            .failures
            .iter()
            .map(|(code, failures)| FailureFigures {
                code,
                count: failures.count,
                last_at: failures.last_at,
            })
            .collect();
        figures.sort_by_key(|figure| std::cmp::Reverse(figure.count));
        figures.truncate(limit);
        figures
    }
}

impl ToolFigures {
    /// The share of calls that succeeded, of those that were not refused.
    pub(crate) fn success_rate(&self) -> Option<f64> {
        let judged = self.ok + self.failed;
        (judged > 0).then(|| self.ok as f64 / judged as f64)
    }

    /// The duration that `percent` of the calls stayed below, in milliseconds; absent with fewer than `least` samples.
    pub(crate) fn percentile(&self, percent: usize, least: usize) -> Option<u64> {
        if self.durations.len() < least {
            return None;
        }
        let index = (self.durations.len() * percent).div_ceil(100).checked_sub(1)?;
        let duration = self.durations.get(index)?;
        Some(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(code: Option<&'static str>, refused: bool, millis: u64) -> Ended {
        Ended {
            tool: "demo",
            outcome: "ok",
            code,
            denial: None,
            refused,
            output: None,
            commit: None,
            duration: Duration::from_millis(millis),
            at: DateTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn refusals_are_neither_successes_nor_failures() {
        let counters = Recent::default();
        counters.count(&ended(None, false, 10));
        counters.count(&ended(Some("blocked"), true, 0));
        counters.count(&ended(Some("auth_failed"), false, 30));
        let tools = counters.tools();
        assert_eq!((tools[0].calls, tools[0].ok, tools[0].failed), (3, 1, 1));
        assert_eq!(tools[0].success_rate(), Some(0.5));
        assert_eq!(counters.failures(20).len(), 2);
    }

    #[test]
    fn percentiles_need_enough_samples() {
        let counters = Recent::default();
        (1..=10).for_each(|millis| counters.count(&ended(None, false, millis)));
        let tool = &counters.tools()[0];
        assert_eq!(tool.percentile(50, 1), Some(5));
        assert_eq!(tool.percentile(90, 10), Some(9));
        assert_eq!(tool.percentile(95, 20), None);
    }
}
