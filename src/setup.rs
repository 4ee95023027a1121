//! What every verb starts from: folder, settings, credentials, ports and database.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use engine::policy::{Placement, PolicyOverride};
use engine::{Client, Registry};
use platforms::browser::Browser;
use schema::{DatabaseConnection, SchemaError};
use secrecy::{ExposeSecret as _, SecretString};
use steps::Steps;

use crate::cli::NeedsPerson;
use crate::config::{Config, Environment, World};
use crate::data_dir::{DataDir, Place, Ports, keep_world, kept_world, webhook_secrets};

/// Names the database where a password does not belong into `flywheel.toml`.
const DATABASE_URL: &str = "FLYWHEEL_DATABASE_URL";

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
    /// Only the database in the folder will do, whatever else is named.
    own_database: bool,
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
            own_database: false,
        })
    }

    /// The same on the database in the folder: a demo writes nothing into anybody's tables.
    pub(crate) fn with_own_database(self) -> Self {
        Self {
            own_database: true,
            ..self
        }
    }

    /// Says what a person has to mend, before anything is started that would only die of it.
    ///
    /// # Errors
    /// Names the variable, setting or program.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        self.check_world()?;
        webhook_secrets(&self.data, &self.environment)?;
        self.clients(self.browser(false)?).map(drop)
    }

    /// Whether the folder was used with this world, if it was used.
    ///
    /// # Errors
    /// Says what differs and how to get back.
    pub(crate) fn check_world(&self) -> anyhow::Result<()> {
        let used = kept_world(&self.data)?.unwrap_or_default();
        let contradictions = self.world.contradictions(&used);
        if contradictions.is_empty() {
            return Ok(());
        }
        Err(NeedsPerson(format!(
            "in the data folder {}, {}",
            self.data.root().display(),
            contradictions.join("; ")
        ))
        .into())
    }

    /// Makes this world the folder's, unless it has another one already.
    ///
    /// # Errors
    /// As [`Setup::check_world`].
    pub(crate) fn keep_world(&self) -> anyhow::Result<()> {
        self.check_world()?;
        keep_world(&self.data, &self.world.sides())?;
        // Another process may have been the first.
        self.check_world()
    }

    /// The folder's ports.
    pub(crate) fn ports(&self) -> anyhow::Result<Ports> {
        Ok(Ports::of(&self.data)?)
    }

    /// Opens the database.
    pub(crate) async fn database(&self) -> anyhow::Result<DatabaseConnection> {
        let Some((url, named_by)) = self.named_database() else {
            let url = schema::sqlite_url(&self.data.path(Place::Database))?;
            return Ok(schema::connect(&url).await?);
        };
        match schema::connect(url.expose_secret()).await {
            Ok(db) => Ok(db),
            // The error does not repeat the URL: there may be a password in it.
            Err(error @ (SchemaError::Url { .. } | SchemaError::CreateFolder { .. })) => {
                let why = anyhow::Error::new(error);
                Err(NeedsPerson(format!("{named_by}: {why:#}")).into())
            }
            Err(error) => {
                Err(anyhow::Error::new(error).context(format!("use the database of {named_by}")))
            }
        }
    }

    /// Opens the database with the engine's tables as this program knows them: a folder that was never
    /// used has none, and one that an older program used lacks some.
    pub(crate) async fn tables(&self) -> anyhow::Result<DatabaseConnection> {
        let db = self.database().await?;
        if engine::pending_migrations(&db).await? > 0 {
            migrate(&db).await?;
        }
        Ok(db)
    }

    /// Who starts runs and tells of events. Nothing is sent yet, and Restate need not be there.
    pub(crate) fn client(&self, db: DatabaseConnection) -> anyhow::Result<Client> {
        let ingress = Ports::url(self.ports()?.restate_ingress, "")?;
        let placed = |over: &PolicyOverride| over.placement == Some(Placement::Service);
        let overrides = self.config.overrides().iter();
        let services = overrides
            .filter(|(_, over)| placed(over))
            .map(|(step, _)| step.clone())
            .collect();
        Ok(Client::new(db, ingress)?
            .with_triggers(workflows::TRIGGERS)
            .with_services(services))
    }

    /// The steps and workflows, as a worker here serves them. Nothing is sent or started, but all that
    /// steps need has to be there: programs, and the credentials of services that are the real ones.
    ///
    /// # Errors
    /// As [`Setup::clients`].
    pub(crate) fn registry(
        &self,
        browser: Browser,
        db: DatabaseConnection,
    ) -> anyhow::Result<Registry> {
        let clients = self.clients(browser)?;
        let steps = Steps::new(&self.services(&clients, db)?);
        let wait = self.config.wall_wait(self.world.time_scale(&self.config));
        let registry = workflows::registry(&steps, wait);
        Ok(registry.configured(self.config.overrides(), self.config.limits().clone())?)
    }

    /// The database that was named, and where; without one, it is in the folder.
    pub(crate) fn named_database(&self) -> Option<(SecretString, &'static str)> {
        if self.own_database {
            return None;
        }
        if let Some(url) = self.environment.secret(DATABASE_URL) {
            return Some((url, DATABASE_URL));
        }
        let url = self.config.database.url.as_str();
        (!url.is_empty()).then(|| (SecretString::from(url), "`database.url`"))
    }

    /// `SQLite` or `Postgres`.
    pub(crate) fn database_kind(&self) -> &'static str {
        match self.named_database() {
            Some((url, _)) if !url.expose_secret().starts_with("sqlite") => "Postgres",
            _ => "SQLite",
        }
    }

    /// Whether the database is the one in the folder, and nothing was ever kept in it.
    pub(crate) fn has_no_database_yet(&self) -> bool {
        self.named_database().is_none() && !self.data.path(Place::Database).exists()
    }

    /// What our own processes cannot see from the folder, the settings and what they inherit.
    pub(crate) fn child_environment(&self) -> anyhow::Result<Vec<(OsString, OsString)>> {
        if !self.own_database {
            return Ok(Vec::new());
        }
        let url = schema::sqlite_url(&self.data.path(Place::Database))?;
        Ok(vec![(DATABASE_URL.into(), url.into())])
    }

    /// The folder that webhooks' paths are under. A relative one is below the file that names it,
    /// so that every process finds the same, wherever it was started.
    pub(crate) fn inbox(&self) -> anyhow::Result<PathBuf> {
        let named = &self.config.inbox.path;
        if named.as_os_str().is_empty() {
            return Ok(self.data.folder(Place::Inbox)?);
        }
        let config_folder = self.config_file.as_deref().and_then(Path::parent);
        let path = config_folder.unwrap_or(Path::new("")).join(named);
        std::fs::create_dir_all(&path)
            .with_context(|| format!("make the inbox {}", path.display()))?;
        Ok(path)
    }
}

/// Brings every table up to date.
pub(crate) async fn migrate(db: &DatabaseConnection) -> anyhow::Result<()> {
    engine::migrate(db).await?;
    schema::migrate(db).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    /// A setup whose settings and data are in one temporary folder.
    fn setup(settings: &str) -> (TempDir, Setup) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("flywheel.toml");
        std::fs::write(&file, settings).unwrap();
        let setup = Setup::new(&folder.path().join("data"), Some(&file)).unwrap();
        (folder, setup)
    }

    #[test]
    fn a_relative_inbox_is_below_the_file_that_names_it() {
        let (folder, setup) = setup("[inbox]\npath = \"videos/new\"\n");
        let inbox = setup.inbox().unwrap();
        assert_eq!(inbox, folder.path().join("videos/new"));
        assert!(inbox.is_dir());
    }

    #[test]
    fn a_demo_stays_in_its_folder_whatever_database_is_named() {
        let (_folder, setup) = setup("[database]\nurl = \"postgres://me@host/channel\"\n");
        assert_eq!(setup.database_kind(), "Postgres");
        assert!(setup.child_environment().unwrap().is_empty());
        let setup = setup.with_own_database();
        assert_eq!(setup.database_kind(), "SQLite");
        let told = setup.child_environment().unwrap();
        assert_eq!(told[0].0, DATABASE_URL);
        assert!(told[0].1.to_str().unwrap().ends_with("/data/flywheel.db"));
    }

    #[test]
    fn a_folder_keeps_its_first_world_and_refuses_another() {
        let (folder, setup) = setup("[sandbox]\nalways = true\n");
        setup.check_world().unwrap();
        assert_eq!(kept_world(&setup.data).unwrap(), None);
        setup.keep_world().unwrap();
        setup.keep_world().unwrap();
        let real = r#"{"anthropic":"sandbox","youtube":"real"}"#;
        std::fs::write(folder.path().join("data/world.json"), real).unwrap();
        let said = setup.keep_world().unwrap_err().to_string();
        assert!(said.contains("youtube was the real service"), "{said}");
        assert!(said.contains("take sandbox.always away"), "{said}");
        assert!(!said.contains("anthropic was"), "{said}");
    }
}
