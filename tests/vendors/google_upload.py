"""`google-api-python-client` on the sandbox, by its own discovery document with another root.

Reads of channels, videos and playlists; a resumable upload that breaks in the middle and goes on
where the sandbox says; refusals as the library's own exception, with its own retries.

    python google_upload.py SANDBOX MP4
"""

import hashlib
import json
import math
import os
import re
import sys
from importlib import resources

from google.oauth2.credentials import Credentials
from googleapiclient.discovery import build_from_document
from googleapiclient.errors import HttpError
from googleapiclient.http import MediaFileUpload

from sandbox import Sandbox, holds, raised, same, until

# What every chunk but the last is a multiple of.
UNIT = 256 * 1024
CHUNK = 6 * UNIT
# Bytes of the first chunk that get through: one unit, and some that are lost. More is left than
# the server has in its buffers (hyper reads up to 400 KiB at a time, and once more when it closes),
# so the connection is reset: one that just ends is opened again by httplib2, which says nothing.
THROUGH = UNIT + 40_000


def main(base, video):
    sandbox = Sandbox(base)
    youtube = service(sandbox)
    channel = own_channel(youtube)
    video_id = upload(youtube, sandbox, video)
    read(youtube, channel, video_id)
    refusals(youtube, sandbox, video_id)


def service(sandbox):
    """The client of the document that the package itself ships, with the root moved."""
    documents = resources.files("googleapiclient") / "discovery_cache" / "documents"
    document = json.loads((documents / "youtube.v3.json").read_text(encoding="utf-8"))
    document["rootUrl"] = f"{sandbox.root('youtube')}/"
    return build_from_document(document, credentials=Credentials(token="of-nobody"))


def own_channel(youtube):
    answer = youtube.channels().list(part="snippet,contentDetails,statistics", mine=True).execute()
    same("kind", answer["kind"], "youtube#channelListResponse")
    (channel,) = answer["items"]
    holds("channel id", channel["id"].startswith("UC"), channel)
    same("videos so far", channel["statistics"]["videoCount"], "0")
    return channel


def upload(youtube, sandbox, video):
    """Sends the file in chunks of which the first breaks, and returns the video's id."""
    size = os.path.getsize(video)
    holds("a file of several chunks", size > UNIT + CHUNK, size)
    body = {
        "snippet": {"title": "Sent in pieces", "tags": ["pieces"], "categoryId": "24"},
        "status": {"privacyStatus": "public", "selfDeclaredMadeForKids": False},
    }
    media = MediaFileUpload(video, mimetype="video/mp4", chunksize=CHUNK, resumable=True)
    request = youtube.videos().insert(part="snippet,status", body=body, media_body=media)

    sandbox.fault("youtube", "upload_put", kind="cut_body", bytes=THROUGH)
    error = raised(OSError, request.next_chunk)
    holds("a broken connection", isinstance(error, ConnectionError), error)
    same("known progress after the break", request.resumable_progress, 0)

    # The library asks the session how far it is, and goes on from there.
    status, answer = request.next_chunk()
    same("answer in the middle", answer, None)
    same("progress", status.resumable_progress, UNIT + CHUNK)
    while answer is None:
        _, answer = request.next_chunk()

    after_the_break = math.ceil((size - UNIT) / CHUNK)
    wanted = ["upload_open", "upload_put", "upload_query"] + ["upload_put"] * after_the_break
    same("requests", [row["endpoint"] for row in sandbox.requests("youtube")[1:]], wanted)
    with open(video, "rb") as file:
        digest = hashlib.sha256(file.read()).hexdigest()
    (post,) = sandbox.posts("youtube")
    same("what arrived", (post["bytes"], post["sha256"]), (size, digest))
    same("post", post["post_id"], answer["id"])
    same("uploadStatus", answer["status"]["uploadStatus"], "uploaded")
    return answer["id"]


def read(youtube, channel, video_id):
    """The video as the library reads it: by id, by its counters, and in the list of uploads."""
    parts = "snippet,contentDetails,status,statistics,processingDetails"

    def processed():
        (item,) = youtube.videos().list(part=parts, id=video_id).execute()["items"]
        return item if item["status"]["uploadStatus"] == "processed" else None

    item = until("the video is processed", processed)
    same("title", item["snippet"]["title"], "Sent in pieces")
    same("channel", item["snippet"]["channelId"], channel["id"])
    duration = item["contentDetails"]["duration"]
    holds("duration", re.fullmatch(r"PT\d+S", duration), duration)
    holds("views", item["statistics"]["viewCount"].isdigit(), item["statistics"])

    stats = youtube.videos().batchGetStats(part="statistics", id=video_id).execute()
    same("ids", [item["id"] for item in stats["items"]], [video_id])
    holds("likes", stats["items"][0]["statistics"]["likeCount"].isdigit(), stats)

    playlist = channel["contentDetails"]["relatedPlaylists"]["uploads"]
    items = youtube.playlistItems()
    page = items.list(part="contentDetails", playlistId=playlist, maxResults=1)
    listed = []
    while page is not None:
        answer = page.execute()
        listed += [entry["contentDetails"]["videoId"] for entry in answer["items"]]
        page = items.list_next(page, answer)
    same("uploads", listed, [video_id])


def refusals(youtube, sandbox, video_id):
    """A bad request and a used-up quota are exceptions; only an outage is asked again."""
    error = raised(HttpError, youtube.videos().list(part="snippet").execute)
    same("no filter", error.status_code, 400)

    def ask():
        return youtube.videos().list(part="id", id=video_id).execute(num_retries=3)

    def statuses(since):
        return [row["status"] for row in sandbox.requests("youtube", "videos_list")[since:]]

    before = len(statuses(0))
    sandbox.fault("youtube", "videos_list", kind="quota_exceeded")
    error = raised(HttpError, ask)
    same("quota", (error.status_code, error.error_details[0]["reason"]), (403, "quotaExceeded"))
    same("asked once", statuses(before), [403])

    before = len(statuses(0))
    sandbox.fault("youtube", "videos_list", kind="fail", status=503)
    same("after an outage", [item["id"] for item in ask()["items"]], [video_id])
    same("asked twice", statuses(before), [503, 200])


if __name__ == "__main__":
    main(*sys.argv[1:])
