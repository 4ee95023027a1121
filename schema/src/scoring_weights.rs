//! Scoring weights: the history of decisions about them, one version after another per category.
//!
//! A row is a decision, possibly to change nothing. Rows are never changed; going back is a new
//! version too. What decides is elsewhere.

use jiff::Timestamp;
use sea_orm::entity::prelude::*;
use sea_orm::{ConnectionTrait, QueryOrder};
use serde::Serialize;

use crate::error::{failed, finite};
use crate::insert::insert_or_ignore;
use crate::{FeatureMap, SchemaError, instant};

/// How often [`revert`] starts over when others decide meanwhile.
const REVERT_ATTEMPTS: u32 = 16;

/// One decision.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Serialize, DeriveEntityModel)]
#[sea_orm(table_name = "scoring_weights")]
pub struct Model {
    /// The caller's id, derived from what made it decide.
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub id: String,
    /// The category whose ideas are scored with these weights.
    #[sea_orm(column_type = "Text")]
    pub category: String,
    /// 1, 2, 3 … within the category.
    pub version: i64,
    /// The feedback that was decided on; missing for a revert.
    #[sea_orm(column_type = "Text", nullable)]
    pub feedback_id: Option<String>,
    /// The weights that held until then.
    #[sea_orm(column_type = "JsonBinary")]
    pub weights_before: FeatureMap,
    /// The weights that hold from then on.
    #[sea_orm(column_type = "JsonBinary")]
    pub weights_after: FeatureMap,
    /// Whether the two differ.
    pub changed: bool,
    /// Why, in words.
    #[sea_orm(column_type = "Text")]
    pub reason: String,
    /// The numbers behind it.
    #[sea_orm(column_type = "JsonBinary")]
    pub evidence: Json,
    /// For a revert: the id of the decision whose weights were taken back.
    #[sea_orm(column_type = "Text", nullable)]
    pub reverts: Option<String>,
    /// When it was decided.
    pub created_at_ms: i64,
}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// When it was decided.
    #[must_use]
    pub fn created_at(&self) -> Timestamp {
        instant::from_millis(self.created_at_ms)
    }
}

/// A decision about to be written.
#[derive(Clone, Debug, PartialEq)]
pub struct NewDecision {
    /// Derived from the feedback's id, so that deciding again gives the same.
    pub id: String,
    /// The category.
    pub category: String,
    /// The version that `weights_before` was read from; 0 when there was none.
    pub expected_version: i64,
    /// The feedback that is decided on; it has at most one decision.
    pub feedback_id: Option<String>,
    /// The weights as read.
    pub weights_before: FeatureMap,
    /// The weights as decided; equal to `weights_before` for "no change".
    pub weights_after: FeatureMap,
    /// Why, in words.
    pub reason: String,
    /// The numbers behind it.
    pub evidence: Json,
    /// When.
    pub created_at: Timestamp,
}

/// What [`decide_once`] found.
#[derive(Clone, Debug, PartialEq)]
pub enum Decision {
    /// Written, as version `expected_version + 1`.
    Recorded(Model),
    /// This feedback was decided on before; this is that decision.
    AlreadyDecided(Model),
    /// Someone else wrote that version: read [`current`] again and decide anew.
    Conflict,
}

/// The decision that holds: the highest version. None before the first.
pub async fn current(
    db: &impl ConnectionTrait,
    category: &str,
) -> Result<Option<Model>, SchemaError> {
    Entity::find()
        .filter(COLUMN.category.eq(category))
        .order_by_desc(Column::Version)
        .one(db)
        .await
        .map_err(failed("read the current weights"))
}

/// All decisions of the category, oldest first.
pub async fn history(db: &impl ConnectionTrait, category: &str) -> Result<Vec<Model>, SchemaError> {
    Entity::find()
        .filter(COLUMN.category.eq(category))
        .order_by_asc(Column::Version)
        .all(db)
        .await
        .map_err(failed("list the decisions about weights"))
}

/// The decision on a feedback, if there is one.
pub async fn for_feedback(
    db: &impl ConnectionTrait,
    feedback_id: &str,
) -> Result<Option<Model>, SchemaError> {
    Entity::find()
        .filter(COLUMN.feedback_id.eq(feedback_id))
        .one(db)
        .await
        .map_err(failed("read the decision on a feedback"))
}

/// Writes a decision as the next version, once per feedback.
pub async fn decide_once(
    db: &impl ConnectionTrait,
    decision: NewDecision,
) -> Result<Decision, SchemaError> {
    for weight in decision
        .weights_before
        .0
        .values()
        .chain(decision.weights_after.0.values())
    {
        finite("weight", *weight)?;
    }
    write(db, decision, None).await
}

/// Takes the weights of an earlier version back, as a new version. Version 0 is what held before
/// the first decision. None: there is no such version.
pub async fn revert(
    db: &impl ConnectionTrait,
    category: &str,
    to_version: i64,
    reason: &str,
    now: Timestamp,
) -> Result<Option<Model>, SchemaError> {
    for _ in 0..REVERT_ATTEMPTS {
        let decisions = history(db, category).await?;
        let (Some(latest), Some((target, weights))) =
            (decisions.last(), weights_at(&decisions, to_version))
        else {
            return Ok(None);
        };
        let decision = NewDecision {
            id: format!("{category}/revert/{}", latest.version + 1),
            category: category.to_owned(),
            expected_version: latest.version,
            feedback_id: None,
            weights_before: latest.weights_after.clone(),
            weights_after: weights.clone(),
            reason: reason.to_owned(),
            evidence: serde_json::json!({ "to_version": to_version }),
            created_at: now,
        };
        if let Decision::Recorded(row) = write(db, decision, Some(target.id.clone())).await? {
            return Ok(Some(row));
        }
    }
    Err(SchemaError::Contended {
        category: category.to_owned(),
    })
}

/// The weights that held once `version` was decided, and the decision that tells.
fn weights_at(decisions: &[Model], version: i64) -> Option<(&Model, &FeatureMap)> {
    if version == 0 {
        return decisions
            .first()
            .map(|first| (first, &first.weights_before));
    }
    decisions
        .iter()
        .find(|decision| decision.version == version)
        .map(|decision| (decision, &decision.weights_after))
}

async fn write(
    db: &impl ConnectionTrait,
    decision: NewDecision,
    reverts: Option<String>,
) -> Result<Decision, SchemaError> {
    let row = Model {
        id: decision.id,
        category: decision.category,
        version: decision.expected_version + 1,
        feedback_id: decision.feedback_id,
        changed: decision.weights_before != decision.weights_after,
        weights_before: decision.weights_before,
        weights_after: decision.weights_after,
        reason: decision.reason,
        evidence: decision.evidence,
        reverts,
        created_at_ms: decision.created_at.as_millisecond(),
    };
    if insert_or_ignore::<Entity>(db, "store the decision about weights", row.clone()).await? {
        return Ok(Decision::Recorded(row));
    }
    if let Some(feedback_id) = &row.feedback_id
        && let Some(decided) = for_feedback(db, feedback_id).await?
    {
        return Ok(Decision::AlreadyDecided(decided));
    }
    let same_id = Entity::find_by_id(&row.id)
        .one(db)
        .await
        .map_err(failed("read the decision about weights"))?;
    match same_id {
        // Deciding anew would meet the same id for ever.
        Some(other) if other.version != row.version || other.category != row.category => {
            Err(SchemaError::IdTaken {
                table: "scoring_weights",
                id: row.id,
            })
        }
        _ => Ok(Decision::Conflict),
    }
}
