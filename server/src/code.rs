//! Every error code that a caller of the server can meet. A code is for machines and for looking
//! up: it is never renamed, and `docs/errors/<code>.md` says what to do about it.

use axum::http::StatusCode;

/// One kind of refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Code {
    /// The tables cannot be reached; nothing was accepted.
    DatabaseUnavailable,
    /// The path is there, with another method.
    MethodNotAllowed,
    /// No such path.
    RouteUnknown,
    /// The video's id was announced before, with other content.
    VideoIdTaken,
    /// Longer than the limit.
    WebhookBodyTooLarge,
    /// The body ended early or came too slowly.
    WebhookBodyUnreadable,
    /// A field is missing, or has a value it cannot have.
    WebhookFieldInvalid,
    /// One of the three headers is missing.
    WebhookHeaderMissing,
    /// The id was used before, with another body.
    WebhookIdReused,
    /// The body is no JSON.
    WebhookJsonInvalid,
    /// A target on a platform that this build does not post to.
    WebhookPlatformUnknown,
    /// No signature was made with one of our secrets.
    WebhookSignatureInvalid,
    /// The same target twice in one message.
    WebhookTargetDuplicate,
    /// Signed with our secret, and for another app of TikTok's than ours.
    WebhookTikTokAppForeign,
    /// TikTok's webhooks cannot be checked: there is no client secret.
    WebhookTikTokUnconfigured,
    /// Signed by TikTok, and not what it documents.
    WebhookTikTokUnreadable,
    /// Signed too long ago, in the future, or at no time.
    WebhookTimestampInvalid,
    /// Another type of message than this path takes.
    WebhookTypeUnknown,
}

impl Code {
    /// All of them, sorted by name.
    pub const ALL: [Self; 18] = [
        Self::DatabaseUnavailable,
        Self::MethodNotAllowed,
        Self::RouteUnknown,
        Self::VideoIdTaken,
        Self::WebhookBodyTooLarge,
        Self::WebhookBodyUnreadable,
        Self::WebhookFieldInvalid,
        Self::WebhookHeaderMissing,
        Self::WebhookIdReused,
        Self::WebhookJsonInvalid,
        Self::WebhookPlatformUnknown,
        Self::WebhookSignatureInvalid,
        Self::WebhookTargetDuplicate,
        Self::WebhookTikTokAppForeign,
        Self::WebhookTikTokUnconfigured,
        Self::WebhookTikTokUnreadable,
        Self::WebhookTimestampInvalid,
        Self::WebhookTypeUnknown,
    ];

    /// The durable name: the value of `code`, and of the metric's label.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::DatabaseUnavailable => "database_unavailable",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::RouteUnknown => "route_unknown",
            Self::VideoIdTaken => "video_id_taken",
            Self::WebhookBodyTooLarge => "webhook_body_too_large",
            Self::WebhookBodyUnreadable => "webhook_body_unreadable",
            Self::WebhookFieldInvalid => "webhook_field_invalid",
            Self::WebhookHeaderMissing => "webhook_header_missing",
            Self::WebhookIdReused => "webhook_id_reused",
            Self::WebhookJsonInvalid => "webhook_json_invalid",
            Self::WebhookPlatformUnknown => "webhook_platform_unknown",
            Self::WebhookSignatureInvalid => "webhook_signature_invalid",
            Self::WebhookTargetDuplicate => "webhook_target_duplicate",
            Self::WebhookTikTokAppForeign => "webhook_tiktok_app_foreign",
            Self::WebhookTikTokUnconfigured => "webhook_tiktok_unconfigured",
            Self::WebhookTikTokUnreadable => "webhook_tiktok_unreadable",
            Self::WebhookTimestampInvalid => "webhook_timestamp_invalid",
            Self::WebhookTypeUnknown => "webhook_type_unknown",
        }
    }

    /// The HTTP status that goes with it.
    #[must_use]
    pub const fn status(self) -> StatusCode {
        match self {
            Self::DatabaseUnavailable | Self::WebhookTikTokUnconfigured => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::RouteUnknown => StatusCode::NOT_FOUND,
            Self::VideoIdTaken | Self::WebhookIdReused => StatusCode::CONFLICT,
            Self::WebhookBodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::WebhookBodyUnreadable | Self::WebhookTikTokUnreadable => StatusCode::BAD_REQUEST,
            Self::WebhookFieldInvalid
            | Self::WebhookJsonInvalid
            | Self::WebhookPlatformUnknown
            | Self::WebhookTargetDuplicate
            | Self::WebhookTypeUnknown => StatusCode::UNPROCESSABLE_ENTITY,
            Self::WebhookHeaderMissing
            | Self::WebhookSignatureInvalid
            | Self::WebhookTikTokAppForeign
            | Self::WebhookTimestampInvalid => StatusCode::UNAUTHORIZED,
        }
    }

    /// What it is, without this occurrence's details.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::DatabaseUnavailable => "The database cannot be reached",
            Self::MethodNotAllowed => "The path does not take this method",
            Self::RouteUnknown => "There is no such path",
            Self::VideoIdTaken => "The video id belongs to another video",
            Self::WebhookBodyTooLarge => "The body is too large",
            Self::WebhookBodyUnreadable => "The body did not arrive",
            Self::WebhookFieldInvalid => "A field is not what it has to be",
            Self::WebhookHeaderMissing => "A signature header is missing",
            Self::WebhookIdReused => "The webhook id was used for another message",
            Self::WebhookJsonInvalid => "The body is not JSON",
            Self::WebhookPlatformUnknown => "This build does not post to the platform",
            Self::WebhookSignatureInvalid => "The signature does not match",
            Self::WebhookTargetDuplicate => "A target is named twice",
            Self::WebhookTikTokAppForeign => "The event is for another app of TikTok's",
            Self::WebhookTikTokUnconfigured => "TikTok's webhooks are not set up",
            Self::WebhookTikTokUnreadable => "The body is not an event of TikTok's",
            Self::WebhookTimestampInvalid => "The signature's time is not acceptable",
            Self::WebhookTypeUnknown => "The message has another type",
        }
    }

    /// Whether a webhook can be refused with it.
    #[must_use]
    pub const fn is_of_webhooks(self) -> bool {
        !matches!(self, Self::MethodNotAllowed | Self::RouteUnknown)
    }
}
