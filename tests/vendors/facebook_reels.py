"""`facebook_business` on the sandbox, by the address of the Graph API in its session.

A reel from the container to its insights, and refusals as the SDK's own exception. The SDK has no
call that sends bytes to the upload host: that one request goes through the SDK's own HTTP session.

    python facebook_reels.py SANDBOX MP4
"""

import json
import os
import sys

from facebook_business.adobjects.igmedia import IGMedia
from facebook_business.adobjects.iguser import IGUser
from facebook_business.adobjects.shadowigmediabuilder import ShadowIGMediaBuilder
from facebook_business.api import FacebookAdsApi
from facebook_business.exceptions import FacebookRequestError
from facebook_business.session import FacebookSession

from sandbox import Sandbox, holds, raised, same, until

TOKEN = "of-nobody"
CAPTION = "Sent by the vendor's own client #reels"
METRICS = ["views", "reach", "likes", "saved", "ig_reels_avg_watch_time"]


def main(base, video):
    sandbox = Sandbox(base)
    session = FacebookSession(access_token=TOKEN, timeout=60)
    session.GRAPH = sandbox.root("graph")
    api = FacebookAdsApi(session, api_version="v26.0")
    user = IGUser(IGUser("me", api=api).api_get(fields=["username"])["id"], api=api)
    same("reels so far", list(user.get_media(fields=["id"])), [])

    container = create(user)
    send(session, container, video)
    media_id = publish(user, container, sandbox, os.path.getsize(video))
    read(user, media_id)
    insights(media_id, api)
    refusals(user, container, media_id, sandbox)


def create(user):
    container = user.create_media(
        params={
            "media_type": "REELS",
            "upload_type": "resumable",
            "caption": CAPTION,
            "share_to_feed": False,
        }
    )
    same("status", status(container, user), "IN_PROGRESS")
    return container


def send(session, container, video):
    size = os.path.getsize(video)
    headers = {"Authorization": f"OAuth {TOKEN}", "offset": "0", "file_size": str(size)}
    with open(video, "rb") as file:
        answer = session.requests.post(
            container["uri"], data=file, headers=headers, timeout=session.timeout
        )
    same("upload", (answer.status_code, answer.json()["success"]), (200, True))


def status(container, user):
    builder = ShadowIGMediaBuilder(container["id"], api=user.get_api())
    return builder.api_get(fields=["status_code", "status"])["status_code"]


def publish(user, container, sandbox, size):
    until("the container is finished", lambda: status(container, user) == "FINISHED")
    published = user.create_media_publish(params={"creation_id": int(container["id"])})
    (post,) = sandbox.posts("instagram")
    same("post", (post["post_id"], post["bytes"]), (published["id"], size))
    same("status", status(container, user), "PUBLISHED")
    return published["id"]


def read(user, media_id):
    """The reel by its id, in the account's list, and in what the account has used up."""
    fields = ["caption", "media_product_type", "permalink", "shortcode", "timestamp", "like_count"]
    media = IGMedia(media_id, api=user.get_api()).api_get(fields=fields)
    same("caption", media["caption"], CAPTION)
    same("product", media["media_product_type"], "REELS")
    holds("permalink", f"/reel/{media['shortcode']}/" in media["permalink"], media["permalink"])
    listed = user.get_media(fields=["caption"], params={"limit": 1})
    same("reels", [item["id"] for item in listed], [media_id])
    (limit,) = user.get_content_publishing_limit(fields=["quota_usage", "config"])
    same("published today", limit["quota_usage"], 1)
    holds("allowed in a day", limit["config"]["quota_total"] > 1, limit["config"])


def insights(media_id, api):
    """The numbers, once there are any; the SDK sends the metrics as a JSON list."""

    def ask():
        return IGMedia(media_id, api=api).get_insights(params={"metric": METRICS})

    def numbers():
        found = {metric["name"]: metric["values"][0]["value"] for metric in ask()}
        return found if found.get("reach") else None

    found = until("somebody has seen it", numbers)
    same("metrics", list(found), METRICS)
    holds("views", found["views"] >= found["reach"], found)
    usage = json.loads(ask().headers()["x-business-use-case-usage"])
    ((account, [used]),) = usage.items()
    same("kind of usage", used["type"], "instagram")
    holds("account of the usage", account.isdigit(), usage)


def refusals(user, container, media_id, sandbox):
    """What the platform says no to is an exception with its numbers."""

    def refused(call, code, subcode, transient):
        error = raised(FacebookRequestError, call)
        numbers = (error.api_error_code(), error.api_error_subcode(), error.api_transient_error())
        same("code, subcode, transient", numbers, (code, subcode, transient))
        same("type", error.api_error_type(), "OAuthException")

    def publish_again():
        return user.create_media_publish(params={"creation_id": int(container["id"])})

    refused(publish_again, 24, 2207006, False)
    metric = {"metric": ["impressions"]}
    api = user.get_api()
    refused(lambda: IGMedia(media_id, api=api).get_insights(params=metric), 100, None, False)
    sandbox.fault("instagram", "publish", kind="quota_exceeded")
    refused(publish_again, 9, 2207042, False)
    sandbox.fault("instagram", "media", kind="graph_error", code=4)
    refused(lambda: IGMedia(media_id, api=api).api_get(fields=["caption"]), 4, None, True)
    same("posts in the end", len(sandbox.posts("instagram")), 1)


if __name__ == "__main__":
    main(*sys.argv[1:])
