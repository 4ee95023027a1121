//! The page of a reel, as a stranger sees it who is not logged in.

use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::account::{full_name, username};
use super::container::Details;
use super::html::{self, escaped, meta};
use super::media::{is_there, on_the_cdn};
use super::numbers::{Language, counted, in_the_text};
use super::{PAGES_PREFIX, ids, page_data};
use crate::audience::Counts;
use crate::gate::ForcedLayout;
use crate::platform::Platform;
use crate::posts::Post;
use crate::state::SharedState;

/// Where the vendor's own pages are.
const VENDOR: &str = "https://www.instagram.com";

/// What a stranger gets to see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Showing {
    Public,
    /// For followers only.
    Private,
    RegionLocked,
    /// It was there.
    Gone,
    /// Never seen by anybody, or not yet.
    Unknown,
}

impl Showing {
    fn of(post: &Post, now: Timestamp) -> Self {
        let marks = &post.marks;
        if !is_there(post, now) {
            Self::Gone
        } else if marks.under_review {
            Self::Unknown
        } else if marks.private {
            Self::Private
        } else if marks.region_locked {
            Self::RegionLocked
        } else {
            Self::Public
        }
    }
}

pub(crate) fn show(
    state: &SharedState,
    code: &str,
    layout: Option<ForcedLayout>,
    headers: &HeaderMap,
) -> Response {
    let now = Timestamp::now();
    let found = ids::pk_of(code).and_then(|pk| {
        let mut posts = state.posts.all().into_iter();
        posts.find(|post| {
            post.platform == Platform::Instagram && post.details["pk"].as_u64() == Some(pk)
        })
    });
    let Some(post) = found else {
        return unavailable(StatusCode::NOT_FOUND);
    };
    let language = Language::of(headers);
    match Showing::of(&post, now) {
        Showing::Public => public(&post, state.audience.counts(&post, now), layout, language),
        Showing::Private => {
            let title = format!(
                "{} (@{})",
                full_name(&post.account),
                username(&post.account)
            );
            let text = "<h2>This account is private</h2>\
                <p>Follow this account to see their photos and videos.</p>";
            gated(&post, &title, text)
        }
        Showing::RegionLocked => {
            let text = "<h2>Restricted Video</h2>\
                <p>This video is not available in your country or region.</p>";
            gated(&post, "Restricted Video", text)
        }
        // The vendor has answered either way.
        Showing::Gone => unavailable(StatusCode::OK),
        Showing::Unknown => unavailable(StatusCode::NOT_FOUND),
    }
}

/// The page where there is no reel (any more).
pub(crate) fn unavailable(status: StatusCode) -> Response {
    let body = "<main role=\"main\"><h2>Sorry, this page isn't available.</h2>\
        <p>The link you followed may be broken, or the page may have been removed. \
        <a href=\"/\">Go back to Instagram.</a></p></main>";
    html::page(status, "en", "Page not found • Instagram", "", body)
}

fn gated(post: &Post, title: &str, text: &str) -> Response {
    let data = html::data_tags(&page_data::gated(post));
    let body = format!("{data}<main role=\"main\">{text}</main>");
    let title = format!("{title} • Instagram");
    html::page(StatusCode::OK, "en", &title, "", &body)
}

fn public(
    post: &Post,
    counts: Counts,
    layout: Option<ForcedLayout>,
    language: Language,
) -> Response {
    let name = full_name(&post.account);
    let title = format!("{name} on Instagram: \"{}\"", post.description);
    let (head, data, visible) = match layout {
        Some(ForcedLayout::Changed) => (String::new(), String::new(), redesigned(counts)),
        Some(ForcedLayout::WithoutData) => {
            let head = head(post, &title, counts);
            (head, String::new(), visible(post, counts, language))
        }
        None => (
            head(post, &title, counts),
            html::data_tags(&page_data::open(post, counts)),
            visible(post, counts, language),
        ),
    };
    let body = format!("{data}<main role=\"main\">{visible}</main>");
    html::page(StatusCode::OK, language.tag(), &title, &head, &body)
}

/// For other sites that link to the page. Views are not in it, in no language.
fn head(post: &Post, title: &str, counts: Counts) -> String {
    let description = description(post, counts);
    [
        meta("property", "og:site_name", "Instagram"),
        meta("property", "og:type", "video.other"),
        meta("property", "og:title", title),
        meta("property", "og:description", &description),
        meta("name", "description", &description),
        meta("property", "og:url", &on_the_vendors_site(post)),
        meta("property", "og:image", &on_the_cdn(&post.post_id, "jpg")),
        meta("property", "og:video", &on_the_cdn(&post.post_id, "mp4")),
    ]
    .concat()
}

fn description(post: &Post, counts: Counts) -> String {
    let likes = (!post.marks.likes_hidden).then(|| counted(counts.likes, "like"));
    let comments = (!post.marks.comments_disabled).then(|| counted(counts.comments, "comment"));
    let shown: Vec<String> = likes.into_iter().chain(comments).collect();
    let (by, on) = (username(&post.account), date(post));
    let text = &post.description;
    match shown.join(", ") {
        counts if counts.is_empty() => format!("{by} on {on}: \"{text}\". "),
        counts => format!("{counts} - {by} on {on}: \"{text}\". "),
    }
}

/// What people see. A hidden count has no element.
fn visible(post: &Post, counts: Counts, language: Language) -> String {
    let by = username(&post.account);
    let code = ids::shortcode_of(Details::of(post).pk);
    let likes = match post.marks.likes_hidden {
        true => "<span>Liked by others</span>".to_owned(),
        false => format!(
            "<a href=\"{PAGES_PREFIX}/{by}/reel/{code}/liked_by/\" role=\"link\">\
             <span>{}</span> likes</a>",
            in_the_text(counts.likes, language)
        ),
    };
    let comments = match post.marks.comments_disabled {
        true => String::new(),
        false => format!(
            "<button type=\"button\"><svg aria-label=\"Comment\" role=\"img\"></svg>\
             <span>{}</span></button>",
            in_the_text(counts.comments, language)
        ),
    };
    format!(
        "<article><header><a href=\"{PAGES_PREFIX}/{by}/\" role=\"link\"><span>{by}</span></a>\
         </header><h1 dir=\"auto\">{}</h1><section>\
         <button type=\"button\"><svg aria-label=\"Like\" role=\"img\"></svg></button>\
         {likes}{comments}</section><time datetime=\"{:.3}\">{}</time></article>",
        escaped(&post.description),
        post.published_at(),
        date(post),
    )
}

/// The same numbers where nobody looks for them yet.
fn redesigned(counts: Counts) -> String {
    let [plays, likes] = [counts.views, counts.likes].map(|n| in_the_text(n, Language::English));
    format!("<div class=\"x1lliihq\"><i>{plays}</i><i>{likes}</i></div>")
}

fn on_the_vendors_site(post: &Post) -> String {
    let code = ids::shortcode_of(Details::of(post).pk);
    format!("{VENDOR}/reel/{code}/")
}

fn date(post: &Post) -> String {
    let at = post.published_at().to_zoned(TimeZone::UTC);
    at.strftime("%B %-d, %Y").to_string()
}
