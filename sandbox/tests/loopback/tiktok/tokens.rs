//! Refresh tokens are good for one use, and for one account.

use serde_json::{Value, json};

use super::text;
use crate::shapes::assert_like;
use crate::world::{Outcome, World};

const INFO: &str = "post/publish/creator_info/query/";

async fn exchange(world: &World, fields: &[(&str, &str)]) -> Outcome<(u16, Value)> {
    let form: String = fields
        .iter()
        .map(|(name, value)| format!("{name}={value}&"))
        .collect();
    let request = world
        .client
        .post(format!("{}/tiktok-api/v2/oauth/token/", world.base))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form);
    let answer = request.send().await?;
    Ok((answer.status().as_u16(), answer.json().await?))
}

async fn refresh(world: &World, token: &str) -> Outcome<(u16, Value)> {
    let fields = [
        ("client_key", "key"),
        ("client_secret", "hush-hush"),
        ("grant_type", "refresh_token"),
        ("refresh_token", token),
    ];
    exchange(world, &fields).await
}

async fn username(world: &World, access: &str) -> Outcome<(u16, Value)> {
    let url = format!("{}/tiktok-api/v2/{INFO}", world.base);
    let answer = world.client.post(url).bearer_auth(access).send().await?;
    let status = answer.status().as_u16();
    let body: Value = answer.json().await?;
    Ok((status, body["data"]["creator_username"].clone()))
}

#[tokio::test]
async fn a_refresh_token_is_good_once_and_the_next_one_survives_a_kill() -> Outcome {
    let world = World::start(1.0).await?;
    let (status, pair) = refresh(&world, "rft.main").await?;
    assert_eq!(status, 200);
    assert_like(&pair, "tiktok/token.json")?;
    let main = username(&world, "act.main").await?;
    let (access, next) = (text(&pair["access_token"])?, text(&pair["refresh_token"])?);
    assert_eq!(username(&world, &access).await?, main);

    let world = world.kill_and_reopen().await?;
    assert_eq!(username(&world, &access).await?, main);
    let (status, spent) = refresh(&world, "rft.main").await?;
    assert_eq!(status, 400);
    assert_like(&spent, "tiktok/error_oauth_invalid_grant.json")?;
    assert_eq!(spent["error"], "invalid_grant");
    let (status, third) = refresh(&world, &next).await?;
    assert_eq!(status, 200);
    assert_eq!(third["open_id"], pair["open_id"]);
    assert_ne!(third["refresh_token"], pair["refresh_token"]);
    Ok(())
}

#[tokio::test]
async fn of_two_refreshes_at_once_one_gets_the_pair() -> Outcome {
    let world = World::start(1.0).await?;
    let both = tokio::join!(refresh(&world, "rft.main"), refresh(&world, "rft.main"));
    let mut statuses = [both.0?.0, both.1?.0];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 400]);
    Ok(())
}

#[tokio::test]
async fn an_access_token_ends() -> Outcome {
    let world = World::start(1.0).await?;
    world.set("tiktok", &json!({"access_token_s": 0})).await?;
    let (_, pair) = refresh(&world, "rft.main").await?;
    assert_eq!(pair["expires_in"], 0);
    let (status, _) = username(&world, &text(&pair["access_token"])?).await?;
    assert_eq!(status, 401);
    let (status, _) = username(&world, &text(&pair["refresh_token"])?).await?;
    assert_eq!(status, 401);
    Ok(())
}

#[tokio::test]
async fn a_code_is_redeemed_once_and_nonsense_is_refused_flatly() -> Outcome {
    let world = World::start(1.0).await?;
    let code = [
        ("client_key", "key"),
        ("client_secret", "hush-hush"),
        ("grant_type", "authorization_code"),
        ("code", "main"),
        ("redirect_uri", "https://example.com/back"),
    ];
    let (status, pair) = exchange(&world, &code).await?;
    assert_eq!(status, 200);
    let main = username(&world, "act.main").await?;
    let access = text(&pair["access_token"])?;
    assert_eq!(username(&world, &access).await?, main);
    for (fields, status, error) in [
        (&code[..], 400, "invalid_grant"),
        (&code[1..], 401, "invalid_client"),
        (&code[..3], 400, "invalid_request"),
        (&code[..2], 400, "unsupported_grant_type"),
    ] {
        let (given, body) = exchange(&world, fields).await?;
        assert_eq!((given, &body["error"]), (status, &json!(error)));
    }
    Ok(())
}

#[tokio::test]
async fn no_token_and_no_upload_url_is_in_the_log_or_in_the_tokens_journal() -> Outcome {
    let world = World::start(1.0).await?;
    let creator = world.creator("main");
    let clip = super::clip(31, 4000);
    let opened = creator.open("Secret", clip.len()).await?;
    creator.put(&opened, &clip, 0..clip.len()).await?;
    let (_, pair) = refresh(&world, "rft.main").await?;
    let (access, next) = (text(&pair["access_token"])?, text(&pair["refresh_token"])?);
    let tokens = std::fs::read_to_string(world.data().join("tiktok-tokens.jsonl"))?;
    let requests = std::fs::read_to_string(world.data().join("requests.jsonl"))?;
    let upload = opened.upload_url.rsplit('=').next().ok_or("no token")?;
    for secret in [
        access.as_str(),
        next.as_str(),
        "hush-hush",
        "rft.main",
        upload,
    ] {
        assert!(!tokens.contains(secret) && !requests.contains(secret));
    }
    Ok(())
}
