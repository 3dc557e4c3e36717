use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use super::*;
use crate::clock::TestClock;

struct Counting {
    runs: Arc<AtomicU32>,
    outcome: fn(u32) -> Result<Progress, WorkerError>,
}

impl Worker for Counting {
    fn name(&self) -> &'static str {
        "counting"
    }

    fn interval(&self) -> Duration {
        Duration::from_secs(10)
    }

    async fn run_once(&self) -> Result<Progress, WorkerError> {
        (self.outcome)(1 + self.runs.fetch_add(1, Ordering::SeqCst))
    }
}

struct Bench {
    clock: TestClock,
    runs: Arc<AtomicU32>,
    wake: Arc<Notify>,
    stop: CancellationToken,
    metrics: Metrics,
    task: tokio::task::JoinHandle<()>,
}

fn start(outcome: fn(u32) -> Result<Progress, WorkerError>) -> Bench {
    let (clock, runs, wake) = (TestClock::default(), Arc::new(AtomicU32::new(0)), Arc::new(Notify::new()));
    let (stop, metrics) = (CancellationToken::new(), Metrics::new());
    let worker = Counting { runs: Arc::clone(&runs), outcome };
    let task = tokio::spawn({
        let (clock, wake, stop, metrics) = (clock.clone(), Arc::clone(&wake), stop.clone(), metrics.clone());
        async move { run(worker, &clock, &metrics, &wake, &stop).await }
    });
    Bench { clock, runs, wake, stop, metrics, task }
}

impl Bench {
    /// Lets the worker do what it can do now, then counts its runs.
    async fn settled(&self) -> u32 {
        for _ in 0..50 {
            tokio::task::yield_now().await;
        }
        self.runs.load(Ordering::SeqCst)
    }

    async fn after(&self, duration: Duration) -> u32 {
        self.clock.advance(duration);
        self.settled().await
    }
}

#[tokio::test]
async fn a_worker_runs_at_once_then_on_schedule_and_when_woken() {
    let bench = start(|_| Ok(Progress::Done));
    assert_eq!(bench.settled().await, 1);
    assert_eq!(bench.after(Duration::from_secs(9)).await, 1);
    assert_eq!(bench.after(Duration::from_secs(1)).await, 2);
    bench.wake.notify_one();
    assert_eq!(bench.settled().await, 3);
    bench.stop.cancel();
    bench.task.await.unwrap();
}

#[tokio::test]
async fn a_worker_with_more_to_do_goes_on_without_waiting() {
    let bench = start(|run| Ok(if run < 5 { Progress::More } else { Progress::Done }));
    assert_eq!(bench.settled().await, 5);
    bench.stop.cancel();
    bench.task.await.unwrap();
}

#[tokio::test]
async fn a_failing_worker_waits_longer_each_time_and_is_not_woken() {
    let bench = start(|run| match run {
        1 => Err("out of reach".into()),
        2 => panic!("a bug"),
        _ => Ok(Progress::Done),
    });
    assert_eq!(bench.settled().await, 1);
    bench.wake.notify_one();
    assert_eq!(bench.settled().await, 1);
    assert_eq!(bench.after(Duration::from_millis(100)).await, 2);
    assert_eq!(bench.after(Duration::from_millis(199)).await, 2);
    assert!(bench.after(Duration::from_millis(1)).await >= 3);
    let text = bench.metrics.encode();
    assert!(text.contains("helpline_worker_runs_total{worker=\"counting\",outcome=\"error\"} 1"), "{text}");
    assert!(text.contains("helpline_worker_runs_total{worker=\"counting\",outcome=\"panic\"} 1"), "{text}");
    bench.stop.cancel();
    bench.task.await.unwrap();
}

#[test]
fn the_pause_after_errors_is_bounded_by_the_interval() {
    let hour = Duration::from_hours(1);
    assert_eq!(back_off(1, hour), Duration::from_millis(100));
    assert_eq!(back_off(3, hour), Duration::from_millis(400));
    assert_eq!(back_off(100, hour), Duration::from_secs(5));
    assert_eq!(back_off(100, Duration::from_secs(3)), Duration::from_secs(3));
    assert_eq!(back_off(100, Duration::from_millis(250)), Duration::from_secs(1));
}
