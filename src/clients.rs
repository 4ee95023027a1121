//! The clients of what is outside, as settings, credentials and the world make them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use media::Media;
use platforms::PlatformError;
use platforms::anthropic::{Anthropic, AnthropicConfig, Prices};
use platforms::browser::{Browser, BrowserConfig, BrowserServer, Proxy};
use platforms::fetch::{FetchConfig, Fetcher};
use platforms::instagram::{Instagram, InstagramConfig};
use platforms::instagram_page::{InstagramPage, InstagramPageConfig};
use platforms::tiktok::{RefreshToken, TikTok, TikTokConfig};
use platforms::tiktok_page::{TikTokPage, TikTokPageConfig};
use platforms::youtube::{YouTube, YouTubeConfig};
use reqwest::Url;
use schema::DatabaseConnection;
use secrecy::{ExposeSecret as _, SecretString};
use server::TikTokApp;
use steps::{Audience, InstagramAccount, ReadBy, Services, TikTokAccount, YouTubeAccount};

use crate::cli::NeedsPerson;
use crate::config::{Outside, Read, std_duration};
use crate::data_dir::{Place, Ports};
use crate::setup::Setup;

/// The sandbox takes any credential; this one says whose it is.
const SANDBOX_CREDENTIAL: &str = "sandbox-main";
/// What the sandbox calls the account of whoever asks.
const SANDBOX_USER: &str = "me";

/// Everything that steps use, but the database.
pub(crate) struct Clients {
    media: Arc<Media>,
    instagram: InstagramAccount,
    tiktok: TikTokAccount,
    youtube: YouTubeAccount,
    fetcher: Fetcher,
    anthropic: Arc<Anthropic>,
}

impl Setup {
    /// Makes all clients. Nothing is sent or started.
    ///
    /// # Errors
    /// Names the variable, setting or program that a person has to mend.
    pub(crate) fn clients(&self, browser: Browser) -> anyhow::Result<Clients> {
        Ok(Clients {
            media: Arc::new(self.media()?),
            instagram: self.instagram(&browser)?,
            tiktok: self.tiktok(&browser)?,
            youtube: YouTubeAccount {
                client: Arc::new(self.youtube()?),
                privacy: self.config.youtube.privacy,
            },
            fetcher: self.fetcher()?,
            anthropic: Arc::new(self.anthropic()?),
        })
    }

    /// What steps are built from.
    pub(crate) fn services(
        &self,
        clients: &Clients,
        db: DatabaseConnection,
    ) -> anyhow::Result<Services> {
        let config = &self.config;
        Ok(Services {
            db,
            media: clients.media.clone(),
            instagram: BTreeMap::from([(
                config.instagram.account.clone(),
                clients.instagram.clone(),
            )]),
            tiktok: BTreeMap::from([(config.tiktok.account.clone(), clients.tiktok.clone())]),
            youtube: BTreeMap::from([(config.youtube.account.clone(), clients.youtube.clone())]),
            fetcher: clients.fetcher.clone(),
            anthropic: clients.anthropic.clone(),
            inbox: self.inbox()?,
            fetched: self.data.folder(Place::Fetched)?,
            converted: self.data.folder(Place::Converted)?,
            frames: self.data.folder(Place::Frames)?,
            audience: Audience {
                time_scale: self.world.time_scale(config),
            },
        })
    }

    /// The media helper: named by `FLYWHEEL_MEDIA_BIN`, or beside this program.
    pub(crate) fn media(&self) -> anyhow::Result<Media> {
        const HELPER: &str = "flywheel-media";
        let beside = || Some(std::env::current_exe().ok()?.with_file_name(HELPER));
        let helper = self.environment.path("FLYWHEEL_MEDIA_BIN").or_else(beside);
        let helper = helper.filter(|path| path.is_file()).ok_or_else(|| {
            NeedsPerson("there is no media helper: build it with `cargo build -p media-helper`, or name it in FLYWHEEL_MEDIA_BIN".to_owned())
        })?;
        Ok(Media::new(helper, self.config.media.limits()).at_once(self.config.media.at_once))
    }

    /// Which app we are at TikTok: the sandbox knows ours by any name.
    pub(crate) fn tiktok_webhook(&self) -> anyhow::Result<Option<TikTokApp>> {
        self.tiktok_app().map(Some)
    }

    /// The app that the sandbox's TikTok tells of its events.
    pub(crate) fn sandbox_app() -> TikTokApp {
        TikTokApp {
            client_key: SANDBOX_CREDENTIAL.to_owned(),
            client_secret: SecretString::from(SANDBOX_CREDENTIAL),
        }
    }

    fn tiktok_app(&self) -> anyhow::Result<TikTokApp> {
        if self.world.tiktok.is_sandbox() {
            return Ok(Self::sandbox_app());
        }
        let key = self.needed("TIKTOK_CLIENT_KEY", "TikTok")?;
        Ok(TikTokApp {
            client_key: key.expose_secret().to_owned(),
            client_secret: self.needed("TIKTOK_CLIENT_SECRET", "TikTok")?,
        })
    }

    fn tiktok(&self, browser: &Browser) -> anyhow::Result<TikTokAccount> {
        let settings = &self.config.tiktok;
        let (base_url, refresh_token) = match self.world.tiktok.is_sandbox() {
            true => {
                let credential = SecretString::from(SANDBOX_CREDENTIAL);
                (self.sandbox("tiktok-api/")?, credential)
            }
            false => {
                let token = self.needed("TIKTOK_REFRESH_TOKEN", "TikTok")?;
                (settings.base_url.clone(), token)
            }
        };
        let app = self.tiktok_app()?;
        let client = TikTok::new(TikTokConfig::new(
            base_url,
            app.client_key,
            app.client_secret,
        ));
        let client = client.map_err(|error| unusable("`tiktok.base_url`", error))?;
        let read = match settings.read {
            Read::Api => ReadBy::Api,
            Read::Page => {
                let base = self.tiktok_pages()?;
                let page = TikTokPage::new(TikTokPageConfig::new(base), browser.clone());
                ReadBy::Page(page.map_err(|error| unusable("`tiktok.page_url`", error))?)
            }
        };
        Ok(TikTokAccount {
            client: Arc::new(client),
            refresh_token: RefreshToken::from_stored(refresh_token),
            privacy: settings.privacy,
            read,
        })
    }

    fn instagram(&self, browser: &Browser) -> anyhow::Result<InstagramAccount> {
        let settings = &self.config.instagram;
        let config = if self.world.instagram.is_sandbox() {
            InstagramConfig::new(
                self.sandbox("graph/v26.0/")?,
                self.sandbox("graph/ig-api-upload/v26.0/")?,
                SecretString::from(SANDBOX_CREDENTIAL),
                SANDBOX_USER.to_owned(),
            )
        } else {
            let user = self.needed("INSTAGRAM_USER_ID", "Instagram")?;
            InstagramConfig::new(
                settings.base_url.clone(),
                settings.upload_url.clone(),
                self.needed("INSTAGRAM_ACCESS_TOKEN", "Instagram")?,
                user.expose_secret().to_owned(),
            )
        };
        let named = "`instagram.base_url`, `instagram.upload_url` or INSTAGRAM_USER_ID";
        let client = Instagram::new(config).map_err(|error| unusable(named, error))?;
        let read = match settings.read {
            Read::Api => ReadBy::Api,
            Read::Page => {
                let base = self.instagram_pages()?;
                let page = InstagramPage::new(InstagramPageConfig::new(base), browser.clone());
                ReadBy::Page(page.map_err(|error| unusable("`instagram.page_url`", error))?)
            }
        };
        Ok(InstagramAccount {
            client: Arc::new(client),
            share_to_feed: settings.share_to_feed,
            read,
        })
    }

    fn youtube(&self) -> anyhow::Result<YouTube> {
        let config = if self.world.youtube.is_sandbox() {
            let credential = SecretString::from(SANDBOX_CREDENTIAL);
            YouTubeConfig::new(self.sandbox("youtube/")?, credential)
        } else {
            let token = self.needed("YOUTUBE_ACCESS_TOKEN", "YouTube")?;
            YouTubeConfig {
                api_key: self.environment.secret("YOUTUBE_API_KEY"),
                ..YouTubeConfig::new(self.config.youtube.base_url.clone(), token)
            }
        };
        YouTube::new(config).map_err(|error| unusable("`youtube.base_url`", error))
    }

    fn anthropic(&self) -> anyhow::Result<Anthropic> {
        let (base_url, key) = if self.world.anthropic.is_sandbox() {
            let credential = SecretString::from(SANDBOX_CREDENTIAL);
            (self.sandbox("anthropic/")?, credential)
        } else {
            let key = self.needed("ANTHROPIC_API_KEY", "Claude")?;
            (self.config.anthropic.base_url.clone(), key)
        };
        let prices = self.config.anthropic.prices;
        let prices = Prices {
            input_usd_per_mtok: prices.input,
            output_usd_per_mtok: prices.output,
            cache_read_usd_per_mtok: prices.cache_read,
            cache_write_usd_per_mtok: prices.cache_write,
        };
        let config =
            AnthropicConfig::new(base_url, key, self.config.anthropic.model.clone(), prices);
        Anthropic::new(config).map_err(|error| unusable("`anthropic.base_url`", error))
    }

    fn fetcher(&self) -> anyhow::Result<Fetcher> {
        Fetcher::new(FetchConfig {
            max_bytes: self.config.fetch.max_bytes,
            total_timeout: std_duration(self.config.fetch.time),
            ..FetchConfig::default()
        })
        .context("make the client that fetches videos")
    }

    /// A browser for this process. With `connect` it has no Chromium of its own, but reads pages in that
    /// of the folder's `flywheel browser`.
    pub(crate) fn browser(&self, connect: bool) -> anyhow::Result<Browser> {
        let config = BrowserConfig {
            server: connect.then(|| self.data.path(Place::Browser)),
            ..self.browser_config()?
        };
        Browser::new(config).map_err(|error| unusable("`[browser]`", error))
    }

    /// What has Chromium for the workers of the folder.
    pub(crate) fn browser_server(&self) -> anyhow::Result<BrowserServer> {
        let file = self.data.path(Place::Browser);
        BrowserServer::new(self.browser_config()?, file)
            .map_err(|error| unusable("`[browser]`", error))
    }

    /// What `[browser]` says, with the programs that were found or named.
    pub(crate) fn browser_config(&self) -> anyhow::Result<BrowserConfig> {
        let settings = &self.config.browser;
        let sites = [self.tiktok_pages()?, self.instagram_pages()?];
        let defaults = BrowserConfig::default();
        let program = |variable, known: PathBuf| self.environment.path(variable).unwrap_or(known);
        Ok(BrowserConfig {
            chromium: program("CHROMIUM_BIN", defaults.chromium),
            chromedriver: program("CHROMEDRIVER_BIN", defaults.chromedriver),
            pages_at_once: settings.pages_at_once,
            pages_per_browser: settings.pages_per_browser,
            page_limit: std_duration(settings.page_time),
            user_agents: settings.user_agents.clone(),
            host_delay: std_duration(settings.host_delay),
            host_jitter: std_duration(settings.host_jitter),
            proxy: self.proxy()?,
            start_limit: defaults.start_limit,
            settle_limit: defaults.settle_limit,
            this_machine: sites.iter().any(is_of_this_machine),
            server: None,
        })
    }

    fn proxy(&self) -> anyhow::Result<Option<Proxy>> {
        let address = self.config.browser.proxy.as_str();
        if address.is_empty() {
            return Ok(None);
        }
        let address = Url::parse(address);
        let address = address.map_err(|error| {
            NeedsPerson(format!(
                "`browser.proxy` is no URL of the form http://host:port: {error}"
            ))
        })?;
        let user = self.needed("BRIGHT_DATA_USERNAME", "the proxy")?;
        Ok(Some(Proxy {
            address,
            user: user.expose_secret().to_owned(),
            password: self.needed("BRIGHT_DATA_PASSWORD", "the proxy")?,
        }))
    }

    fn sandbox(&self, path: &str) -> anyhow::Result<Url> {
        Ports::url(self.ports()?.sandbox, path)
    }

    fn tiktok_pages(&self) -> anyhow::Result<Url> {
        self.pages(self.world.tiktok, &self.config.tiktok.page_url, "tiktok/")
    }

    fn instagram_pages(&self) -> anyhow::Result<Url> {
        let real = &self.config.instagram.page_url;
        self.pages(self.world.instagram, real, "instagram/")
    }

    /// Where a platform's pages are.
    fn pages(&self, outside: Outside, real: &Url, sandbox: &str) -> anyhow::Result<Url> {
        match outside.is_sandbox() {
            true => self.sandbox(sandbox),
            false => Ok(real.clone()),
        }
    }

    /// A credential without which a service that was chosen cannot be used.
    fn needed(&self, variable: &str, whose: &str) -> anyhow::Result<SecretString> {
        self.environment.secret(variable).ok_or_else(|| {
            NeedsPerson(format!("{whose} needs {variable}, which is not set")).into()
        })
    }
}

/// All that making a client looks at is what a person wrote.
fn unusable(setting: &str, error: PlatformError) -> anyhow::Error {
    let why = anyhow::Error::new(error);
    NeedsPerson(format!("{setting} cannot be used: {why:#}")).into()
}

fn is_of_this_machine(url: &Url) -> bool {
    const NAMES: [&str; 3] = ["127.0.0.1", "[::1]", "localhost"];
    url.host_str().is_some_and(|host| NAMES.contains(&host))
}
