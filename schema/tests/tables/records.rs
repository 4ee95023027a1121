//! Facts are stored once, come back as they were written, and need their parents.

use schema::{
    SchemaError, StringList, accounts, analytics_snapshots, concepts, critiques,
    performance_feedback, predictions, video_analyses, videos,
};
use sea_orm::{EntityTrait, PaginatorTrait};
use serde_json::json;

use crate::database::{TestResult, on_every_database};
use crate::rows::{feedback, minute, prediction, prepared_post, reading, video};

#[tokio::test]
async fn a_video_is_stored_once_and_the_first_one_stays() -> TestResult {
    on_every_database(|db| async move {
        let first = videos::insert_if_new(&db, video("v_1")).await?;
        assert_eq!(first, videos::Insertion::Inserted(video("v_1")));
        let mut other = video("v_1");
        other.caption = "another caption".to_owned();
        let second = videos::insert_if_new(&db, other).await?;
        assert_eq!(second, videos::Insertion::Existing(video("v_1")));
        let stored = videos::get(&db, "v_1").await?;
        insta::allow_duplicates! {
            insta::with_settings!({ sort_maps => true }, {
            insta::assert_json_snapshot!(stored, @r##"
            {
              "id": "v_1",
              "concept_id": null,
              "category": "finance",
              "caption": "Money, explained – 💸 \"now\"",
              "hashtags": [
                "#money",
                "#sparen"
              ],
              "audio_id": null,
              "source": {
                "path": "inbox/v_1.mp4"
              },
              "features": {
                "categoryPerformance": 6.5,
                "trendVelocity": 82
              },
              "created_at_ms": 1795341600000
            }
        "##);
            });
        }
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_video_needs_the_concept_that_it_names() -> TestResult {
    on_every_database(|db| async move {
        let mut made = video("v_1");
        made.concept_id = Some("c_1".to_owned());
        made.source = videos::VideoSource::Url("https://example.com/v_1.mp4".to_owned());
        let orphan = videos::insert_if_new(&db, made.clone()).await;
        assert!(orphan.is_err_and(|error| !error.is_transient()));
        concepts::ensure(&db, "c_1", "finance").await?;
        concepts::ensure(&db, "c_1", "travel").await?;
        videos::insert_if_new(&db, made.clone()).await?;
        assert_eq!(videos::get(&db, "v_1").await?, Some(made));
        let concept = concepts::get(&db, "c_1").await?.ok_or("no concept")?;
        assert_eq!(concept.category, "finance");
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn ensuring_an_account_many_times_at_once_makes_one_row() -> TestResult {
    on_every_database(|db| async move {
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..16 {
            let db = db.clone();
            tasks.spawn(async move { accounts::ensure(&db, "youtube", "main").await });
        }
        while let Some(id) = tasks.join_next().await {
            assert_eq!(id??, "youtube:main");
        }
        assert_eq!(accounts::Entity::find().count(&db).await?, 1);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_missing_count_comes_back_missing_and_zero_comes_back_zero() -> TestResult {
    on_every_database(|db| async move {
        let post_id = prepared_post(&db, "v_1").await?;
        let written = reading("r1", &post_id);
        analytics_snapshots::record(&db, written.clone()).await?;
        let stored = analytics_snapshots::get(&db, "r1")
            .await?
            .ok_or("no reading")?;
        assert_eq!(
            (stored.likes, stored.shares, stored.saves),
            (Some(0), None, None)
        );
        assert_eq!(stored, written);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_reading_is_stored_once_and_only_for_its_post() -> TestResult {
    on_every_database(|db| async move {
        let post_id = prepared_post(&db, "v_1").await?;
        let other_id = prepared_post(&db, "v_2").await?;
        let first = reading("r1", &post_id);
        analytics_snapshots::record(&db, first.clone()).await?;
        let mut again = first.clone();
        again.views = Some(7);
        assert_eq!(analytics_snapshots::record(&db, again).await?, first);
        let stolen = analytics_snapshots::record(&db, reading("r1", &other_id)).await;
        assert!(matches!(stolen, Err(SchemaError::IdTaken { .. })));
        let orphan = analytics_snapshots::record(&db, reading("r2", "no such post")).await;
        assert!(orphan.is_err_and(|error| !error.is_transient()));
        assert_eq!(analytics_snapshots::Entity::find().count(&db).await?, 1);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn the_latest_scored_reading_skips_newer_ones_that_are_not_scored() -> TestResult {
    on_every_database(|db| async move {
        let post_id = prepared_post(&db, "v_1").await?;
        assert_eq!(
            analytics_snapshots::latest_scored(&db, &post_id).await?,
            None
        );
        for (id, at, scored) in [("r1", 300, true), ("r2", 360, true), ("r3", 400, false)] {
            let mut row = reading(id, &post_id);
            row.read_at_ms = minute(at).as_millisecond();
            row.scored = scored;
            analytics_snapshots::record(&db, row).await?;
        }
        let latest = analytics_snapshots::latest_scored(&db, &post_id).await?;
        assert_eq!(latest.map(|row| row.id).as_deref(), Some("r2"));
        let all = analytics_snapshots::for_post(&db, &post_id).await?;
        assert_eq!(
            all.iter().map(|row| row.id.as_str()).collect::<Vec<_>>(),
            ["r1", "r2", "r3"]
        );
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_number_that_is_not_finite_is_refused_before_it_is_stored() -> TestResult {
    on_every_database(|db| async move {
        let post_id = prepared_post(&db, "v_1").await?;
        let mut row = reading("r1", &post_id);
        row.engagement = Some(f64::NAN);
        let refused = analytics_snapshots::record(&db, row).await;
        assert!(matches!(
            refused,
            Err(SchemaError::NotFinite {
                field: "engagement"
            })
        ));
        let mut expected = prediction(&post_id, "v_1");
        expected.predicted_engagement = Some(f64::INFINITY);
        let refused = predictions::record_once(&db, expected).await;
        assert!(matches!(refused, Err(SchemaError::NotFinite { .. })));
        Ok(())
    })
    .await
}

#[tokio::test]
async fn the_first_prediction_of_a_post_stays() -> TestResult {
    on_every_database(|db| async move {
        videos::insert_if_new(&db, video("v_1")).await?;
        let first = prediction("v_1/youtube/main", "v_1");
        assert_eq!(predictions::record_once(&db, first.clone()).await?, first);
        let mut second = first.clone();
        second.predicted_engagement = Some(0.5);
        assert_eq!(predictions::record_once(&db, second).await?, first);
        assert_eq!(predictions::Entity::find().count(&db).await?, 1);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn the_baseline_is_the_mean_of_its_platform_and_category_and_missing_without_history()
-> TestResult {
    on_every_database(|db| async move {
        assert_eq!(
            predictions::baseline(&db, "youtube", "finance").await?,
            None
        );
        for (video_id, actual) in [("v_1", 0.25), ("v_2", 0.5), ("v_3", 0.0)] {
            feedback(&db, video_id, actual).await?;
        }
        let baseline = predictions::baseline(&db, "youtube", "finance").await?;
        assert_eq!(baseline, Some((0.25, 3)));
        assert_eq!(predictions::baseline(&db, "tiktok", "finance").await?, None);
        assert_eq!(predictions::baseline(&db, "youtube", "travel").await?, None);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_post_has_one_feedback_whatever_its_id() -> TestResult {
    on_every_database(|db| async move {
        let id = feedback(&db, "v_1", 0.25).await?;
        let first = performance_feedback::get(&db, &id)
            .await?
            .ok_or("no feedback")?;
        let mut second = first.clone();
        second.id = "another id".to_owned();
        second.actual_engagement = 0.75;
        assert_eq!(performance_feedback::record_once(&db, second).await?, first);
        assert_eq!(performance_feedback::Entity::find().count(&db).await?, 1);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_feedback_has_one_critique_whatever_its_id() -> TestResult {
    on_every_database(|db| async move {
        let first = critiques::Model {
            id: "k1".to_owned(),
            feedback_id: feedback(&db, "v_1", 0.25).await?,
            evidence: "1000 views, 12 comments".to_owned(),
            hypothesis: "the hook is late".to_owned(),
            proposal: "open on the number".to_owned(),
            lesson: "say it first".to_owned(),
            model: "claude".to_owned(),
            cost_micro_usd: 4200,
            created_at_ms: minute(362).as_millisecond(),
        };
        critiques::record_once(&db, first.clone()).await?;
        let mut second = first.clone();
        second.id = "k2".to_owned();
        assert_eq!(critiques::record_once(&db, second).await?, first);
        assert_eq!(critiques::Entity::find().count(&db).await?, 1);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn an_analysis_comes_back_whole_and_the_newest_is_the_latest() -> TestResult {
    on_every_database(|db| async move {
        let post_id = prepared_post(&db, "v_1").await?;
        let older = video_analyses::Model {
            id: "a1".to_owned(),
            post_id: post_id.clone(),
            frames: json!([{ "at_ms": 0, "hook": 71, "insight": "bright" }]),
            overall_score: 63.1,
            strengths: StringList::from_iter(["legible text"]),
            weaknesses: StringList::default(),
            recommendations: StringList::from_iter(["cut the first second"]),
            model: "claude".to_owned(),
            prompt_version: "1".to_owned(),
            cost_micro_usd: 9100,
            created_at_ms: minute(361).as_millisecond(),
        };
        let mut newer = older.clone();
        newer.id = "a2".to_owned();
        newer.created_at_ms += 1;
        video_analyses::record(&db, newer.clone()).await?;
        video_analyses::record(&db, older.clone()).await?;
        assert_eq!(video_analyses::record(&db, older.clone()).await?, older);
        assert_eq!(video_analyses::get(&db, "a1").await?, Some(older));
        assert_eq!(video_analyses::latest(&db, &post_id).await?, Some(newer));
        Ok(())
    })
    .await
}
