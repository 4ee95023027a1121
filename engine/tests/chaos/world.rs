//! What is around the runs: who starts them, the people and the other systems.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use engine::operations::{OperationError, Verb};
use engine::tables::runs;
use engine::{Actor, Client, NewEvent, Operations, Trigger, Workflow as _};
use futures::StreamExt as _;
use futures::future::join_all;
use futures::stream;
use reqwest::Url;
use sea_orm::{ColumnTrait as _, DatabaseConnection, EntityTrait as _, QueryFilter as _};
use serde_json::Value;
use tokio::time::sleep;

use crate::generate::Play;
use crate::interpreter::Interpreter;
use crate::program::Event;

/// Programs under way at once.
const AT_ONCE: usize = 32;
pub(crate) const PAUSE: Duration = Duration::from_millis(200);

const START: &str = "chaos/start";

/// An event of this name starts the program in its data.
pub(crate) const TRIGGERS: [Trigger; 1] = [Trigger::of::<Interpreter>(START, Some(key_of_run))];

fn key_of_run(key: &str) -> String {
    key.to_owned()
}

/// A run that was started, and what was done to it.
pub(crate) struct Role {
    pub(crate) play: Arc<Play>,
    /// How often its cancellation was asked for: again, when nobody said that it had arrived.
    pub(crate) cancels: u32,
}

pub(crate) struct World {
    pub(crate) db: DatabaseConnection,
    client: Client,
    operations: Operations,
    pub(crate) admin: Url,
    roles: Mutex<BTreeMap<String, Role>>,
}

/// Tries until it works: what is away comes back.
pub(crate) async fn insist<T, E>(action: impl AsyncFn() -> Result<T, E>) -> T {
    loop {
        match action().await {
            Ok(value) => return value,
            Err(_) => sleep(PAUSE).await,
        }
    }
}

fn somebody() -> Actor {
    Actor {
        who: "chaos".to_owned(),
        why: None,
    }
}

impl World {
    /// `admin` is the base URL of Restate's admin API.
    pub(crate) fn new(
        db: DatabaseConnection,
        client: Client,
        operations: Operations,
        admin: Url,
    ) -> Self {
        Self {
            db,
            client,
            operations,
            admin,
            roles: Mutex::default(),
        }
    }

    /// The runs that were started, by id.
    pub(crate) fn roles(&self) -> MutexGuard<'_, BTreeMap<String, Role>> {
        self.roles.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts all programs and plays what belongs to each, until all have ended.
    pub(crate) async fn play_all(&self, plays: &[Arc<Play>]) {
        stream::iter(plays)
            .for_each_concurrent(AT_ONCE, |play| self.play(play))
            .await;
    }

    async fn play(&self, play: &Arc<Play>) {
        let run_id = self.start(play).await;
        let role = Role {
            play: play.clone(),
            cancels: 0,
        };
        self.roles().insert(run_id.clone(), role);
        let events = play.program.events();
        tokio::join!(
            join_all(events.into_iter().map(|event| self.tell(event))),
            self.hold_and_release(&run_id, play),
            self.cancel(&run_id, play),
            self.ended(&run_id),
        );
    }

    async fn start(&self, play: &Play) -> String {
        let program = &play.program;
        if play.by_event {
            let data = serde_json::to_value(program).unwrap_or_default();
            self.send(&program.id, START, &program.id, data).await;
            return insist(async || self.run_of(&program.id).await).await;
        }
        let start = async || Box::pin(self.client.start::<Interpreter>(&program.id, program)).await;
        insist(start).await.run_id
    }

    /// The run that an event has started, or will have.
    async fn run_of(&self, key: &str) -> Result<String> {
        let run = runs::Entity::find()
            .filter(runs::Column::Workflow.eq(Interpreter::NAME))
            .filter(runs::Column::Key.eq(key))
            .one(&self.db)
            .await?;
        Ok(run.context("it is not started yet")?.id)
    }

    async fn tell(&self, event: &Event) {
        sleep(Duration::from_millis(event.after_ms)).await;
        for _ in 0..=u32::from(event.twice) {
            let data = Value::String(event.data.clone());
            self.send(&event.id, Event::NAME, &event.key, data).await;
        }
    }

    async fn send(&self, id: &str, name: &str, key: &str, data: Value) {
        let event = NewEvent {
            id: Some(id.to_owned()),
            name: name.to_owned(),
            key: key.to_owned(),
            data,
        };
        insist(async || Box::pin(self.client.send_event(event.clone())).await).await;
    }

    async fn hold_and_release(&self, run_id: &str, play: &Play) {
        let Some(hold) = &play.hold else {
            return;
        };
        sleep(Duration::from_millis(hold.after_ms)).await;
        insist(async || self.apply(run_id, &Verb::Hold).await).await;
        sleep(Duration::from_millis(hold.for_ms)).await;
        insist(async || self.apply(run_id, &Verb::Release).await).await;
    }

    async fn cancel(&self, run_id: &str, play: &Play) {
        let Some(after_ms) = play.cancel_after_ms else {
            return;
        };
        sleep(Duration::from_millis(after_ms)).await;
        insist(async || {
            if let Some(role) = self.roles().get_mut(run_id) {
                role.cancels += 1;
            }
            self.apply(run_id, &Verb::Cancel).await
        })
        .await;
    }

    /// Does it, unless the run has ended and nothing can be done to it.
    pub(crate) async fn apply(&self, run_id: &str, verb: &Verb) -> Result<(), OperationError> {
        match Box::pin(self.operations.apply(run_id, verb, &somebody())).await {
            Ok(_) | Err(OperationError::Ended { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn ended(&self, run_id: &str) {
        insist(async || -> Result<()> {
            ensure!(!self.is_open(run_id).await?, "it has not ended");
            Ok(())
        })
        .await;
    }

    pub(crate) async fn is_open(&self, run_id: &str) -> Result<bool> {
        let run = runs::Entity::find_by_id(run_id).one(&self.db).await?;
        Ok(run.is_none_or(|run| run.ended_at_ms.is_none()))
    }
}
