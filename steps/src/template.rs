//! `count_bytes`: counts the bytes of a file in the inbox.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use engine::{Step, StepContext, StepError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::services::Services;

/// Looks into the inbox. What a step needs are its fields.
pub struct CountBytes {
    inbox: PathBuf,
}

/// Which file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CountBytesInput {
    /// Its name in the inbox.
    pub file: String,
}

/// How large it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CountBytesOutput {
    /// Its size, bytes.
    pub bytes: u64,
}

impl CountBytes {
    /// From the program's services.
    #[must_use]
    pub fn new(services: &Services) -> Self {
        Self {
            inbox: services.inbox.clone(),
        }
    }
}

impl Step for CountBytes {
    const NAME: &'static str = "count_bytes";
    type Input = CountBytesInput;
    type Output = CountBytesOutput;

    async fn run(&self, _cx: &StepContext, input: Self::Input) -> Result<Self::Output, StepError> {
        let name = Path::new(&input.file);
        if name.file_name() != Some(name.as_os_str()) {
            let problem = format!("{} is not the name of a file in the inbox", input.file);
            return Err(StepError::terminal("source_outside_inbox", problem));
        }
        let found = tokio::fs::metadata(self.inbox.join(name)).await;
        let bytes = match found {
            Ok(file) if file.is_file() => file.len(),
            Ok(_) => {
                let problem = format!("{} is no file", input.file);
                return Err(StepError::terminal("source_not_a_file", problem));
            }
            Err(error) => {
                let problem = format!("{}: {error}", input.file);
                return Err(match error.kind() {
                    ErrorKind::NotFound => StepError::terminal("source_missing", problem),
                    _ => StepError::retry("source_unreadable", problem),
                });
            }
        };
        Ok(CountBytesOutput { bytes })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use engine::testing::suite::{Fails, Proof};
    use futures::FutureExt as _;
    use serde_json::{Value, json};
    use tempfile::TempDir;

    use super::*;

    /// A world with one file in the inbox.
    struct Proven(TempDir);

    impl Proven {
        fn inbox(&self) -> PathBuf {
            self.0.path().join("inbox")
        }

        fn file(&self) -> PathBuf {
            self.inbox().join("letter.txt")
        }
    }

    impl Proof for Proven {
        type Step = CountBytes;

        async fn new() -> Self {
            let world = Self(tempfile::tempdir().unwrap());
            std::fs::create_dir(world.inbox()).unwrap();
            std::fs::write(world.file(), "Hello!").unwrap();
            world
        }

        fn step(&self) -> Arc<Self::Step> {
            let inbox = self.inbox();
            Arc::new(CountBytes { inbox })
        }

        fn input(&self) -> <Self::Step as Step>::Input {
            let file = "letter.txt".to_owned();
            CountBytesInput { file }
        }

        /// What a second execution must not change.
        async fn effects(&self) -> Value {
            json!(std::fs::read_to_string(self.file()).unwrap())
        }

        fn failures() -> Vec<Fails<Self>> {
            vec![
                Fails {
                    when: "the file is not there",
                    arrange: |world| {
                        async move { std::fs::remove_file(world.file()).unwrap() }.boxed()
                    },
                    ending: "terminal",
                    code: "source_missing",
                },
                Fails {
                    when: "a folder has its name",
                    arrange: |world| {
                        async move {
                            std::fs::remove_file(world.file()).unwrap();
                            std::fs::create_dir(world.file()).unwrap();
                        }
                        .boxed()
                    },
                    ending: "terminal",
                    code: "source_not_a_file",
                },
                Fails {
                    when: "the inbox is not a folder",
                    arrange: |world| {
                        async move {
                            std::fs::remove_dir_all(world.inbox()).unwrap();
                            std::fs::write(world.inbox(), "").unwrap();
                        }
                        .boxed()
                    },
                    ending: "retry",
                    code: "source_unreadable",
                },
            ]
        }
    }

    engine::prove_step!(suite, Proven);
}
