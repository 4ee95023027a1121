//! The people who decide about parked steps, as the programs say.

use anyhow::Result;
use engine::operations::Verb;
use engine::tables::{WaitKind, waits};
use sea_orm::{ColumnTrait as _, EntityTrait as _, PaginatorTrait as _, QueryFilter as _};
use tokio::time::sleep;

use crate::act::Act;
use crate::world::{PAUSE, World};

impl World {
    /// Decides for ever about what is parked, as the programs say.
    pub(crate) async fn decide_all(&self) {
        loop {
            // Whatever is away, the next round finds the same questions.
            let _ = self.decide().await;
            sleep(PAUSE).await;
        }
    }

    async fn decide(&self) -> Result<()> {
        let parked = waits::Entity::find()
            .filter(waits::Column::Kind.is_in([WaitKind::Park, WaitKind::Unknown]))
            .filter(waits::Column::AnsweredAtMs.is_null())
            .all(&self.db)
            .await?;
        for wait in parked {
            let Some(act) = self.act_of(&wait) else {
                continue;
            };
            if self.is_open(&wait.run_id).await? {
                let before = self.decided(&wait).await?;
                let verb = Verb::Resolve(act.resolution(before));
                // The next round asks again.
                let _ = self.apply(&wait.run_id, &verb).await;
            }
        }
        Ok(())
    }

    /// The step that is parked; nothing if its run's start has not come back yet.
    fn act_of(&self, wait: &waits::Model) -> Option<Act> {
        let roles = self.roles();
        let top = wait.run_id.split('.').next()?;
        let program = roles.get(top)?.play.program.of_run(&wait.run_id)?;
        program.act(&wait.key).cloned()
    }

    /// How often somebody has decided about the step already.
    async fn decided(&self, wait: &waits::Model) -> Result<usize> {
        let before = waits::Entity::find()
            .filter(waits::Column::RunId.eq(&wait.run_id))
            .filter(waits::Column::Kind.is_in([WaitKind::Park, WaitKind::Unknown]))
            .filter(waits::Column::Key.eq(&wait.key))
            .filter(waits::Column::AnsweredAtMs.is_not_null())
            .count(&self.db)
            .await?;
        Ok(usize::try_from(before)?)
    }
}
