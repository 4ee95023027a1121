//! Stands in for Restate: starts loops in memory, and can be made to fail or to hang.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use server::{LoopTarget, StartError, StartLoop, StartedLoop};

/// Every loop that was started, by key.
#[derive(Default)]
pub(crate) struct Loops {
    runs: Mutex<HashMap<String, String>>,
    asked: AtomicU64,
    down: AtomicBool,
    only: Mutex<Option<String>>,
    delay_ms: AtomicU64,
}

impl Loops {
    /// Whether nothing can be started.
    pub(crate) fn set_down(&self, down: bool) {
        self.down.store(down, Ordering::SeqCst);
    }

    /// Only this account's loops can be started; `None`: all can.
    pub(crate) fn set_only(&self, account: Option<&str>) {
        *self.only.lock().unwrap() = account.map(str::to_owned);
    }

    /// How long a start takes.
    pub(crate) fn set_delay(&self, delay: Duration) {
        self.delay_ms
            .store(u64::try_from(delay.as_millis()).unwrap(), Ordering::SeqCst);
    }

    /// How often a start was asked for.
    pub(crate) fn asked(&self) -> u64 {
        self.asked.load(Ordering::SeqCst)
    }

    /// The keys of all loops, sorted.
    pub(crate) fn keys(&self) -> Vec<String> {
        let mut keys: Vec<String> = self.runs.lock().unwrap().keys().cloned().collect();
        keys.sort();
        keys
    }

    async fn begin(&self, target: LoopTarget) -> Result<StartedLoop, StartError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(self.delay_ms.load(Ordering::SeqCst))).await;
        let only = self.only.lock().unwrap().clone();
        let refused = only.is_some_and(|account| account != target.account);
        if refused || self.down.load(Ordering::SeqCst) {
            return Err(StartError::new(&target, "connection refused"));
        }
        let mut runs = self.runs.lock().unwrap();
        let next = format!("run_{}", runs.len() + 1);
        let key = target.key();
        let existed = runs.contains_key(&key);
        let run_id = runs.entry(key).or_insert(next).clone();
        Ok(StartedLoop { run_id, existed })
    }
}

impl StartLoop for Loops {
    fn start(&self, target: LoopTarget) -> BoxFuture<'_, Result<StartedLoop, StartError>> {
        self.begin(target).boxed()
    }
}
