//! Beginning a post: what is asked first, what is sent, and what is never sent.

use platforms::Meaning;
use platforms::tiktok::{Clip, NewPost, PrivacyLevel};
use url::Url;

use super::{TOKEN, begun, clip, creator, failure, fixture, plan, post, start, token, upload_url};
use crate::vendor::{Checked, Reply};

#[tokio::test]
async fn the_creator_is_asked_what_may_be_posted() -> Checked {
    let (vendor, tiktok) = start().await?;
    vendor.will_say([
        fixture(200, "creator_info")?,
        fixture(200, "creator_info_private_account")?,
    ]);

    let creator = tiktok.creator_info(&token()).await?;
    insta::assert_json_snapshot!(creator, @r#"
    {
      "username": "oddloop",
      "nickname": "Odd Loop",
      "privacy_levels": [
        "PUBLIC_TO_EVERYONE",
        "MUTUAL_FOLLOW_FRIENDS",
        "SELF_ONLY"
      ],
      "comments_disabled": false,
      "duets_disabled": false,
      "stitches_disabled": true,
      "longest_video_s": 300
    }
    "#);
    let private = tiktok.creator_info(&token()).await?;
    assert_eq!(private.privacy_levels[0], PrivacyLevel::FollowerOfCreator);
    assert!(private.comments_disabled);

    let asked = vendor.asked().remove(0);
    insta::assert_snapshot!(asked.line, @"POST /vendor/v2/post/publish/creator_info/query/");
    assert_eq!(asked.header("authorization"), format!("Bearer {TOKEN}"));
    assert_eq!(
        asked.header("content-type"),
        "application/json; charset=UTF-8"
    );
    assert!(asked.body.is_empty());
    Ok(())
}

#[tokio::test]
async fn a_privacy_level_that_we_do_not_know_is_not_offered() -> Checked {
    let (vendor, tiktok) = start().await?;
    vendor.will_say([Reply::text(
        200,
        r#"{"data":{"creator_username":"oddloop","privacy_level_options":["CLOSE_FRIENDS","SELF_ONLY"],
            "max_video_post_duration_sec":60},"error":{"code":"ok","message":"","log_id":"1"}}"#,
    )]);
    let creator = tiktok.creator_info(&token()).await?;
    assert_eq!(creator.privacy_levels, [PrivacyLevel::SelfOnly]);
    Ok(())
}

#[tokio::test]
async fn beginning_an_upload_says_what_will_come_and_gives_where_to() -> Checked {
    let (vendor, tiktok) = start().await?;
    vendor.will_say([begun(&vendor)?]);

    let upload = tiktok
        .init_file_upload(&token(), &post(), &clip(), &creator())
        .await?;

    assert_eq!(upload.publish_id.expose(), "v_pub_file~v2-1.123456789");
    assert_eq!(upload.upload_url, upload_url(&vendor));
    assert_eq!(upload.plan, plan()?);
    let asked = vendor.asked().remove(0);
    insta::assert_snapshot!(asked.line, @"POST /vendor/v2/post/publish/video/init/");
    assert_eq!(asked.header("authorization"), format!("Bearer {TOKEN}"));
    assert_eq!(
        asked.header("content-type"),
        "application/json; charset=UTF-8"
    );
    let body: serde_json::Value = serde_json::from_slice(&asked.body)?;
    insta::with_settings!({ sort_maps => true }, {
        insta::assert_json_snapshot!(body, @r##"
        {
          "post_info": {
            "brand_content_toggle": false,
            "brand_organic_toggle": false,
            "disable_comment": false,
            "disable_duet": true,
            "disable_stitch": true,
            "is_aigc": true,
            "privacy_level": "SELF_ONLY",
            "title": "Save money on groceries #money",
            "video_cover_timestamp_ms": 1000
          },
          "source_info": {
            "chunk_size": 5242880,
            "source": "FILE_UPLOAD",
            "total_chunk_count": 2,
            "video_size": 15000000
          }
        }
        "##);
    });
    Ok(())
}

#[tokio::test]
async fn tiktok_may_be_told_to_fetch_the_file_itself() -> Checked {
    let (vendor, tiktok) = start().await?;
    vendor.will_say([fixture(200, "init_pull_from_url")?]);
    let video_url = Url::parse("https://media.oddloop.example/v_1.mp4")?;

    let publish_id = tiktok
        .init_pull_from_url(&token(), &post(), &clip(), &creator(), &video_url)
        .await?;

    assert_eq!(publish_id.expose(), "v_pub_url~v2-1.123456789");
    let asked = vendor.asked().remove(0);
    let body: serde_json::Value = serde_json::from_slice(&asked.body)?;
    insta::with_settings!({ sort_maps => true }, {
        insta::assert_json_snapshot!(body["source_info"], @r#"
        {
          "source": "PULL_FROM_URL",
          "video_url": "https://media.oddloop.example/v_1.mp4"
        }
        "#);
    });
    Ok(())
}

#[tokio::test]
async fn a_post_that_tiktok_would_refuse_is_never_sent() -> Checked {
    let (vendor, tiktok) = start().await?;
    let post = NewPost {
        caption: "x".repeat(2200),
        privacy: PrivacyLevel::FollowerOfCreator,
        ..post()
    };
    let clip = Clip {
        bytes: 0,
        width: 12_000,
        ..clip()
    };
    let http = Url::parse("http://media.oddloop.example/v_1.mp4")?;

    let (token, creator) = (token(), creator());
    let uploading = tiktok.init_file_upload(&token, &post, &clip, &creator);
    let pulling = tiktok.init_pull_from_url(&token, &post, &clip, &creator, &http);
    let (uploading, pulling) = (failure(uploading.await)?, failure(pulling.await)?);

    insta::assert_snapshot!(uploading, @"tiktok init_file_upload failed: caption has 2207 UTF-16 units with its hashtags, 2200 are allowed; privacy is FOLLOWER_OF_CREATOR, this creator may choose PUBLIC_TO_EVERYONE, SELF_ONLY; bytes are none: the file is empty; width is 12000 pixels, 360 to 4096 are allowed");
    assert!(
        pulling.message().ends_with("; video_url is not https"),
        "{pulling}"
    );
    for error in [uploading, pulling] {
        assert_eq!(
            (error.code(), error.meaning()),
            ("tiktok_invalid_post", Meaning::Terminal)
        );
    }
    assert!(vendor.asked().is_empty());
    Ok(())
}

#[tokio::test]
async fn an_upload_that_would_go_elsewhere_is_refused() -> Checked {
    let (vendor, tiktok) = start().await?;
    // As recorded: on TikTok's own host, where this client does not post.
    vendor.will_say([fixture(200, "init_file_upload")?]);
    let error = failure(
        tiktok
            .init_file_upload(&token(), &post(), &clip(), &creator())
            .await,
    )?;
    assert_eq!(
        (error.code(), error.meaning()),
        ("tiktok_foreign_upload", Meaning::Terminal)
    );
    Ok(())
}

#[tokio::test]
async fn an_answer_that_lacks_the_id_or_the_address_is_an_error() -> Checked {
    let (vendor, tiktok) = start().await?;
    let ok = r#""error":{"code":"ok","message":"","log_id":"1"}"#;
    let address = upload_url(&vendor);
    for body in [
        format!(r#"{{"data":{{"publish_id":"v_pub_file~1"}},{ok}}}"#),
        format!(
            r#"{{"data":{{"publish_id":"","upload_url":"{}"}},{ok}}}"#,
            address.expose()
        ),
        format!(r#"{{"data":{{}},{ok}}}"#),
        format!("{{{ok}}}"),
        r#"{"data":{"publish_id":"v_pub_file~1","upl"#.to_owned(),
        "<html>".to_owned(),
    ] {
        vendor.will_say([Reply::text(200, &body)]);
        let error = failure(
            tiktok
                .init_file_upload(&token(), &post(), &clip(), &creator())
                .await,
        )?;
        assert_eq!(
            (error.code(), error.meaning()),
            ("tiktok_unreadable_answer", Meaning::Retry),
            "{body}"
        );
    }
    Ok(())
}
