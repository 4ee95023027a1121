//! What every verb starts from: folder, settings, credentials, ports; and what is built from them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use media::Media;
use platforms::anthropic::{Anthropic, AnthropicConfig, Prices};
use platforms::youtube::{YouTube, YouTubeConfig};
use schema::DatabaseConnection;
use secrecy::SecretString;
use steps::{Audience, Services};

use crate::cli::NeedsPerson;
use crate::config::{Config, Environment, World};
use crate::data_dir::{DataDir, Place, Ports};

/// The sandbox takes any credential; this one says whose it is.
const SANDBOX_CREDENTIAL: &str = "sandbox-main";

/// The ground that a verb stands on.
#[derive(Debug)]
pub(crate) struct Setup {
    /// Where things are kept.
    pub(crate) data: DataDir,
    /// Settings.
    pub(crate) config: Config,
    /// The file they come from, if there is one.
    pub(crate) config_file: Option<PathBuf>,
    /// Credentials and paths of programs.
    pub(crate) environment: Environment,
    /// What is real and what is not.
    pub(crate) world: World,
}

impl Setup {
    /// Reads everything.
    ///
    /// # Errors
    /// When the folder or the settings cannot be used.
    pub(crate) fn new(data: &Path, config_file: Option<&Path>) -> anyhow::Result<Self> {
        let config_file = Config::find(config_file);
        let config = Config::read(config_file.as_deref())?;
        let environment = Environment::read()?;
        let world = World::of(&config, &environment);
        let data = DataDir::open(data)?;
        Ok(Self {
            data,
            config,
            config_file,
            environment,
            world,
        })
    }

    /// The folder's ports.
    pub(crate) fn ports(&self) -> anyhow::Result<Ports> {
        Ok(Ports::of(&self.data)?)
    }

    /// Opens the database.
    pub(crate) async fn database(&self) -> anyhow::Result<DatabaseConnection> {
        let url = &self.config.database.url;
        let url = if url.is_empty() {
            schema::sqlite_url(&self.data.path(Place::Database))?
        } else {
            url.clone()
        };
        Ok(schema::connect(&url).await?)
    }

    /// The folder that webhooks' paths are under.
    pub(crate) fn inbox(&self) -> anyhow::Result<PathBuf> {
        let path = &self.config.inbox.path;
        if path.as_os_str().is_empty() {
            return Ok(self.data.folder(Place::Inbox)?);
        }
        std::fs::create_dir_all(path)
            .with_context(|| format!("make the inbox {}", path.display()))?;
        Ok(path.clone())
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

    /// The clients that steps use.
    pub(crate) fn services(&self, db: DatabaseConnection) -> anyhow::Result<Services> {
        let youtube = Arc::new(self.youtube()?);
        Ok(Services {
            db,
            media: Arc::new(self.media()?),
            youtube: BTreeMap::from([(self.config.youtube.account.clone(), youtube)]),
            youtube_privacy: self.config.youtube.privacy,
            anthropic: Arc::new(self.anthropic()?),
            inbox: self.inbox()?,
            frames: self.data.folder(Place::Frames)?,
            audience: Audience {
                time_scale: self.world.time_scale(&self.config),
            },
        })
    }

    fn youtube(&self) -> anyhow::Result<YouTube> {
        let real = self
            .environment
            .secret("YOUTUBE_ACCESS_TOKEN")
            .filter(|_| !self.world.youtube.is_sandbox());
        let config = match real {
            Some(token) => YouTubeConfig {
                api_key: self.environment.secret("YOUTUBE_API_KEY"),
                ..YouTubeConfig::new(self.config.youtube.base_url.clone(), token)
            },
            None => YouTubeConfig::new(
                Ports::url(self.ports()?.sandbox, "youtube/")?,
                SecretString::from(SANDBOX_CREDENTIAL),
            ),
        };
        YouTube::new(config).context("set up the client of YouTube")
    }

    fn anthropic(&self) -> anyhow::Result<Anthropic> {
        let real = self
            .environment
            .secret("ANTHROPIC_API_KEY")
            .filter(|_| !self.world.anthropic.is_sandbox());
        let (base_url, key) = match real {
            Some(key) => (self.config.anthropic.base_url.clone(), key),
            None => (
                Ports::url(self.ports()?.sandbox, "anthropic/")?,
                SecretString::from(SANDBOX_CREDENTIAL),
            ),
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
        Anthropic::new(config).context("set up the client of Claude")
    }
}

/// Brings every table up to date.
pub(crate) async fn migrate(db: &DatabaseConnection) -> anyhow::Result<()> {
    engine::migrate(db).await?;
    schema::migrate(db).await?;
    Ok(())
}
