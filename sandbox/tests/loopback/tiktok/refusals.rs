//! Every refusal has the vendor's status and the vendor's word.

use serde_json::{Value, json};

use super::{CHUNK, Creator, INIT, announcement, clip, unlimited};
use crate::world::{Outcome, World};

/// Sends a body to a call and expects this status and code.
async fn check(
    creator: Creator<'_>,
    path: &str,
    body: &Value,
    (status, code): (u16, &str),
) -> Outcome {
    let answer = creator.call(path, body).await?;
    assert_eq!(answer.status(), status, "{code}");
    let body: Value = answer.json().await?;
    assert_eq!(body["error"]["code"], code, "{body}");
    assert!(body["error"]["log_id"].is_string());
    Ok(())
}

#[tokio::test]
async fn an_opening_that_makes_no_sense_is_refused() -> Outcome {
    let world = unlimited(1.0).await?;
    let creator = world.creator("main");
    let cases = [
        (
            "post_info",
            "title",
            json!("🛒".repeat(1101)),
            "invalid_param",
        ),
        ("post_info", "title", json!(7), "invalid_param"),
        ("source_info", "source", json!("TAPE"), "invalid_param"),
        ("source_info", "video_size", json!(-1), "invalid_param"),
        ("source_info", "video_size", Value::Null, "invalid_param"),
        (
            "source_info",
            "chunk_size",
            json!(CHUNK - 1),
            "invalid_param",
        ),
        (
            "source_info",
            "total_chunk_count",
            json!(3),
            "invalid_param",
        ),
    ];
    for (part, field, value, code) in cases {
        let mut body = announcement("fine", 2 * CHUNK + 1000);
        body[part][field] = value;
        check(creator, INIT, &body, (400, code)).await?;
    }
    for level in ["FOLLOWER_OF_CREATOR", "EVERYBODY"] {
        let mut body = announcement("fine", 1000);
        body["post_info"]["privacy_level"] = json!(level);
        let expected = (403, "privacy_level_option_mismatch");
        check(creator, INIT, &body, expected).await?;
    }
    let mut longest = announcement("fine", 1000);
    longest["post_info"]["title"] = json!("🛒".repeat(1100));
    creator.data(INIT, &longest).await?;
    assert_eq!(world.posts().await?.len(), 0);
    Ok(())
}

#[tokio::test]
async fn an_app_without_an_audit_posts_privately_and_for_five_creators() -> Outcome {
    let world = World::start(1.0).await?;
    world.set("tiktok", &json!({"audited": false})).await?;
    let public = announcement("fine", 1000);
    let code = "unaudited_client_can_only_post_to_private_accounts";
    check(world.creator("1"), INIT, &public, (403, code)).await?;
    let mut private = public.clone();
    private["post_info"]["privacy_level"] = json!("SELF_ONLY");
    for name in ["1", "2", "3", "4", "5", "1"] {
        world.creator(name).data(INIT, &private).await?;
    }
    let capped = (403, "reached_active_user_cap");
    check(world.creator("6"), INIT, &private, capped).await
}

#[tokio::test]
async fn a_private_account_has_other_choices() -> Outcome {
    let world = World::start(1.0).await?;
    let creator = world.creator("main");
    let name = creator.username().await?;
    let settings = json!({"private_accounts": [name]});
    world.set("tiktok", &settings).await?;
    let path = "post/publish/creator_info/query/";
    let info = creator.data(path, &json!({})).await?;
    assert_eq!(info["privacy_level_options"][0], "FOLLOWER_OF_CREATOR");
    assert_eq!(info["duet_disabled"], true);
    let public = announcement("fine", 1000);
    let expected = (403, "privacy_level_option_mismatch");
    check(creator, INIT, &public, expected).await
}

#[tokio::test]
async fn a_publish_id_belongs_to_its_account() -> Outcome {
    let world = World::start(1.0).await?;
    let opened = world.creator("main").open("Mine", 1000).await?;
    let path = "post/publish/status/fetch/";
    let asked = json!({"publish_id": opened.publish_id});
    let foreign = (400, "token_not_authorized_for_specified_publish_id");
    check(world.creator("other"), path, &asked, foreign).await?;
    let unknown = json!({"publish_id": "v_pub_file~v2-1.1"});
    let expected = (400, "invalid_publish_id");
    check(world.creator("main"), path, &unknown, expected).await
}

#[tokio::test]
async fn the_seventh_opening_in_a_minute_is_too_many() -> Outcome {
    let world = World::start(1.0).await?;
    let body = announcement("fine", 1000);
    for _ in 0..6 {
        world.creator("main").data(INIT, &body).await?;
    }
    let limited = (429, "rate_limit_exceeded");
    check(world.creator("main"), INIT, &body, limited).await?;
    world.creator("other").data(INIT, &body).await?;
    Ok(())
}

#[tokio::test]
async fn bytes_that_do_not_belong_here_are_refused_by_status() -> Outcome {
    let world = World::start(1.0).await?;
    let creator = world.creator("main");
    let clip = clip(31, 4000);
    let opened = creator.open("Bytes", clip.len()).await?;
    let put = |url: String, kind: &'static str, range: &'static str| {
        let request = world.client.put(url);
        let request = request.header("content-type", kind);
        request
            .header("content-range", range)
            .body(clip.clone())
            .send()
    };
    let url = || opened.upload_url.clone();
    let whole = "bytes 0-3999/4000";
    let other_token = opened.upload_url.replace("upload_token=", "upload_token=x");
    let other_upload = opened.upload_url.replace("upload_id=", "upload_id=1");
    for (url, kind, range, status) in [
        (other_token, "video/mp4", whole, 404),
        (other_upload, "video/mp4", whole, 404),
        (url(), "image/png", whole, 400),
        (url(), "video/mp4", "bytes 0-3998/4000", 400),
        (url(), "video/mp4", "bytes 0-3999/4001", 400),
        (url(), "video/mp4", "bytes */4000", 400),
        (url(), "video/mp4", whole, 201),
    ] {
        let answer = put(url, kind, range).await?;
        assert_eq!(answer.status(), status, "{kind} {range}");
    }
    assert_eq!(world.posts().await?.len(), 1);
    Ok(())
}

#[tokio::test]
async fn faults_speak_in_the_words_of_the_place_they_meet() -> Outcome {
    let world = unlimited(1.0).await?;
    let creator = world.creator("main");
    let path = "post/publish/creator_info/query/";
    for (status, code) in [
        (400, "invalid_param"),
        (401, "access_token_invalid"),
        (403, "spam_risk_too_many_posts"),
        (429, "rate_limit_exceeded"),
        (503, "internal_error"),
    ] {
        let action = json!({"kind": "fail", "status": status});
        world.tiktok_fault("creator_info", action).await?;
        check(creator, path, &json!({}), (status, code)).await?;
    }
    let action = json!({"kind": "fail", "status": 403});
    world.tiktok_fault("profile_page", action).await?;
    let page = world.tiktok_page("@somebody").await?;
    assert_eq!(page.status(), 403);
    assert!(page.text().await?.contains("Access Denied"));
    let nobody = world
        .client
        .post(format!("{}/tiktok-api/v2/{path}", world.base));
    assert_eq!(nobody.send().await?.status(), 401);
    Ok(())
}
