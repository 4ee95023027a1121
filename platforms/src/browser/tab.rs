//! One page in a context of its own.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use thirtyfour::bidi::modules::browsing_context::{Create, CreateType, Navigate, ReadinessState};
use thirtyfour::bidi::modules::script::{Evaluate, Target};
use thirtyfour::bidi::{BidiError, BrowsingContextId, UserContextId};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, sleep, timeout};
use url::Url;

use super::chromium::Chromium;
use super::meaning::Trouble;
use super::page::{Look, Page, Snapshot};
use super::{BrowserConfig, unwanted};

/// Longest time for an empty context; a Chromium that needs longer is not well.
const CONTEXT_LIMIT: Duration = Duration::from_secs(15);
/// Between two looks at a page that is not settled.
const LOOK_INTERVAL: Duration = Duration::from_millis(250);
/// The JavaScript world that the page cannot reach, in which our script looks at it.
const WORLD: &str = "flywheel";

/// Looks at the document. Its length is bounded because the answer is one message of a web socket,
/// of at most 16 MiB, and a character is up to three bytes there, or six when it is escaped.
const LOOK: &str = r"(() => {
    const root = document.documentElement;
    const html = root ? root.outerHTML : '';
    const [arrival] = performance.getEntriesByType('navigation');
    return JSON.stringify({
        url: location.href,
        status: (arrival && arrival.responseStatus) || 0,
        html: html.length > 2000000 ? null : html,
    });
})()";

/// A context of its own in Chromium, with a place among those at once. Both are given back when it
/// is dropped, also half-way.
#[derive(Debug)]
pub(super) struct Tab {
    chromium: Arc<Chromium>,
    user_context: UserContextId,
    place: Option<OwnedSemaphorePermit>,
}

impl Tab {
    /// An empty context.
    pub(super) async fn open(
        chromium: Arc<Chromium>,
        place: OwnedSemaphorePermit,
    ) -> Result<Self, Trouble> {
        let browser = chromium.bidi().browser();
        let created = timeout(CONTEXT_LIMIT, browser.create_user_context())
            .await
            .map_err(|_| Trouble::Crashed("Chromium does not answer".to_owned()))??;
        let user_context = created.user_context;
        Ok(Self {
            chromium,
            user_context,
            place: Some(place),
        })
    }

    /// Loads a page, and waits until it is settled.
    pub(super) async fn load(
        &self,
        url: &Url,
        config: &BrowserConfig,
        is_settled: &(impl Fn(&Page) -> bool + Sync),
    ) -> Result<Page, Trouble> {
        let create = Create {
            r#type: CreateType::Tab,
            reference_context: None,
            background: Some(true),
            user_context: Some(self.user_context.clone()),
        };
        let context = self.chromium.bidi().send(create).await?.context;
        self.prepare(&context, url, &config.user_agents).await?;
        self.go(&context, url).await?;
        self.settle(&context, url, config.settle_limit, is_settled)
            .await
    }

    /// Says what is not to be loaded, and who we are.
    async fn prepare(
        &self,
        context: &BrowsingContextId,
        url: &Url,
        user_agents: &[String],
    ) -> Result<(), Trouble> {
        let asked = json!({"context": context});
        let answer = self.chromium.bidi().send_raw("goog:cdp.getSession", asked);
        let session = answer.await?.get("session").cloned().unwrap_or_default();
        let unwanted = json!({"urls": unwanted::patterns(url)});
        self.tell(&session, "Network.setBlockedURLs", unwanted)
            .await?;
        if !user_agents.is_empty() {
            let agent = &user_agents[rand::random_range(0..user_agents.len())];
            let agent = json!({"userAgent": agent});
            self.tell(&session, "Emulation.setUserAgentOverride", agent)
                .await?;
        }
        Ok(())
    }

    /// A command of Chromium's own protocol, for one tab.
    async fn tell(&self, session: &Value, method: &str, params: Value) -> Result<(), BidiError> {
        let command = json!({"session": session, "method": method, "params": params});
        let sent = self
            .chromium
            .bidi()
            .send_raw("goog:cdp.sendCommand", command);
        sent.await.map(|_| ())
    }

    /// Returns once the document is read.
    async fn go(&self, context: &BrowsingContextId, url: &Url) -> Result<(), Trouble> {
        let navigate = Navigate {
            context: context.clone(),
            url: url.to_string(),
            wait: Some(ReadinessState::Interactive),
        };
        match self.chromium.bidi().send(navigate).await {
            Ok(_) => Ok(()),
            Err(error) if error.message.contains("net::ERR_") => {
                Trouble::of_network(&error.message).map_or(Ok(()), Err)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Looks again and again, since a page may load itself once more or fill itself in.
    async fn settle(
        &self,
        context: &BrowsingContextId,
        url: &Url,
        limit: Duration,
        is_settled: &(impl Fn(&Page) -> bool + Sync),
    ) -> Result<Page, Trouble> {
        let until = Instant::now() + limit;
        loop {
            let look = self.look(context, url).await;
            let is_over = Instant::now() >= until;
            match look {
                Look::Page(page) if is_over || is_settled(&page) => return Ok(page),
                Look::TooLong => return Err(Trouble::TooLarge),
                Look::Nothing if is_over => {
                    return Err(Trouble::Unreachable("the address gave no page".to_owned()));
                }
                Look::Page(_) | Look::Nothing => sleep(LOOK_INTERVAL).await,
            }
        }
    }

    /// A page that is just being replaced cannot be looked at, which is no trouble.
    async fn look(&self, context: &BrowsingContextId, url: &Url) -> Look {
        let evaluate = Evaluate {
            expression: LOOK.to_owned(),
            target: Target::Context {
                context: context.clone(),
                sandbox: Some(WORLD.to_owned()),
            },
            await_promise: false,
            result_ownership: None,
            user_activation: None,
        };
        let seen = self.chromium.bidi().send(evaluate).await.ok();
        let snapshot = seen.as_ref().and_then(|seen| {
            let text = seen.ok_value()?.get("value")?.as_str()?;
            serde_json::from_str::<Snapshot>(text).ok()
        });
        snapshot.map_or(Look::Nothing, |snapshot| snapshot.look(url.as_str()))
    }
}

impl Drop for Tab {
    fn drop(&mut self) {
        // Without a runtime everything ends anyway.
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            return;
        };
        let chromium = Arc::clone(&self.chromium);
        let user_context = self.user_context.clone();
        let place = self.place.take();
        runtime.spawn(async move {
            chromium.forget(user_context).await;
            drop(place);
        });
    }
}
