//! Decisions about weights: one per feedback, one per version, and a way back.

use schema::scoring_weights::{self, Decision, NewDecision, current, decide_once, history, revert};
use schema::{FeatureMap, SchemaError};
use serde_json::json;

use crate::database::{TestResult, on_every_database};
use crate::rows::{feedback, minute, weights};

fn decision(feedback_id: &str, expected: i64, before: f64, after: f64) -> NewDecision {
    NewDecision {
        id: format!("{feedback_id}/weights"),
        category: "finance".to_owned(),
        expected_version: expected,
        feedback_id: Some(feedback_id.to_owned()),
        weights_before: weights(before),
        weights_after: weights(after),
        reason: "the hook carried it".to_owned(),
        evidence: json!({ "n": 3, "error": 0.1 }),
        created_at: minute(370),
    }
}

#[tokio::test]
async fn the_first_decision_is_version_one_and_holds() -> TestResult {
    on_every_database(|db| async move {
        assert_eq!(current(&db, "finance").await?, None);
        let feedback_id = feedback(&db, "v_1", 0.25).await?;
        let made = decide_once(&db, decision(&feedback_id, 0, 1.0, 1.05)).await?;
        let stored = current(&db, "finance").await?;
        assert_eq!(
            Decision::Recorded(stored.clone().ok_or("nothing stored")?),
            made
        );
        insta::allow_duplicates! {
            insta::with_settings!({ sort_maps => true }, {
            insta::assert_json_snapshot!(stored, @r#"
            {
              "id": "v_1/youtube/main/feedback/weights",
              "category": "finance",
              "version": 1,
              "feedback_id": "v_1/youtube/main/feedback",
              "weights_before": {
                "hook": 1.0,
                "trendVelocity": 1.0
              },
              "weights_after": {
                "hook": 1.05,
                "trendVelocity": 1.0
              },
              "changed": true,
              "reason": "the hook carried it",
              "evidence": {
                "error": 0.1,
                "n": 3
              },
              "reverts": null,
              "created_at_ms": 1795363800000
            }
        "#);
            });
        }
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_feedback_is_decided_on_once() -> TestResult {
    on_every_database(|db| async move {
        let feedback_id = feedback(&db, "v_1", 0.25).await?;
        let first = decide_once(&db, decision(&feedback_id, 0, 1.0, 1.05)).await?;
        let Decision::Recorded(first) = first else {
            panic!("the first decision was not recorded: {first:?}");
        };
        // An execution that was interrupted after its insert may have read the newer version.
        for expected in [0, 1] {
            let again = decide_once(&db, decision(&feedback_id, expected, 1.05, 1.1)).await?;
            assert_eq!(again, Decision::AlreadyDecided(first.clone()));
        }
        assert_eq!(history(&db, "finance").await?, [first]);
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_feedbacks_decided_on_one_version_one_wins_and_the_rest_decide_anew() -> TestResult
{
    on_every_database(|db| async move {
        let mut tasks = tokio::task::JoinSet::new();
        for number in 0..8 {
            let feedback_id = feedback(&db, &format!("v_{number}"), 0.25).await?;
            let db = db.clone();
            tasks
                .spawn(async move { decide_once(&db, decision(&feedback_id, 0, 1.0, 1.05)).await });
        }
        let mut recorded = 0;
        while let Some(made) = tasks.join_next().await {
            match made?? {
                Decision::Recorded(row) => {
                    assert_eq!(row.version, 1);
                    recorded += 1;
                }
                Decision::Conflict => {}
                Decision::AlreadyDecided(row) => panic!("decided twice: {row:?}"),
            }
        }
        assert_eq!(recorded, 1);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn deciding_to_change_nothing_is_a_version_that_says_so() -> TestResult {
    on_every_database(|db| async move {
        let feedback_id = feedback(&db, "v_1", 0.25).await?;
        let made = decide_once(&db, decision(&feedback_id, 0, 1.0, 1.0)).await?;
        assert!(matches!(made, Decision::Recorded(row) if !row.changed && row.version == 1));
        Ok(())
    })
    .await
}

#[tokio::test]
async fn reverting_writes_a_new_version_with_the_old_weights() -> TestResult {
    on_every_database(|db| async move {
        for (number, (before, after)) in [(1.0, 1.05), (1.05, 1.1)].into_iter().enumerate() {
            let feedback_id = feedback(&db, &format!("v_{number}"), 0.25).await?;
            decide_once(
                &db,
                decision(&feedback_id, i64::try_from(number)?, before, after),
            )
            .await?;
        }
        let back = revert(&db, "finance", 1, "it was luck", minute(400)).await?;
        let back = back.ok_or("version 1 was not found")?;
        assert_eq!((back.version, back.changed), (3, true));
        assert_eq!(
            (back.weights_before, back.weights_after),
            (weights(1.1), weights(1.05))
        );
        assert_eq!(
            back.reverts.as_deref(),
            Some("v_0/youtube/main/feedback/weights")
        );
        let start = revert(&db, "finance", 0, "start over", minute(401)).await?;
        assert_eq!(
            start.map(|row| (row.version, row.weights_after)),
            Some((4, weights(1.0)))
        );
        assert_eq!(
            revert(&db, "finance", 9, "no such", minute(402)).await?,
            None
        );
        assert_eq!(
            revert(&db, "travel", 0, "no such", minute(402)).await?,
            None
        );
        let versions: Vec<i64> = history(&db, "finance")
            .await?
            .iter()
            .map(|row| row.version)
            .collect();
        assert_eq!(versions, [1, 2, 3, 4]);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_decision_id_that_is_used_elsewhere_is_an_error_not_an_endless_conflict() -> TestResult {
    on_every_database(|db| async move {
        let feedback_id = feedback(&db, "v_1", 0.25).await?;
        decide_once(&db, decision(&feedback_id, 0, 1.0, 1.05)).await?;
        let mut other = decision(&feedback_id, 0, 1.0, 1.05);
        other.feedback_id = None;
        other.category = "travel".to_owned();
        let refused = decide_once(&db, other).await;
        assert!(
            matches!(refused, Err(SchemaError::IdTaken { .. })),
            "{refused:?}"
        );
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_weight_that_is_not_finite_is_refused() -> TestResult {
    on_every_database(|db| async move {
        let feedback_id = feedback(&db, "v_1", 0.25).await?;
        let mut bad = decision(&feedback_id, 0, 1.0, 1.05);
        bad.weights_after = FeatureMap::from_iter([("hook", f64::NAN)]);
        let refused = decide_once(&db, bad).await;
        assert!(matches!(refused, Err(SchemaError::NotFinite { .. })));
        assert_eq!(scoring_weights::current(&db, "finance").await?, None);
        Ok(())
    })
    .await
}
