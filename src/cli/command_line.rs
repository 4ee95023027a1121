//! Commands for people to copy: quoted for a shell, and on the same folder and settings.

use super::Shared;

/// The command that was given, with another word behind it.
pub(super) fn again_with(word: &str) -> String {
    let given = std::env::args_os().map(|word| word.to_string_lossy().into_owned());
    quoted(given.chain([word.to_owned()]))
}

/// This program with these words.
pub(super) fn here(shared: &Shared, words: &[&str]) -> String {
    let program = std::env::args_os().next().unwrap_or_default();
    line(&program.to_string_lossy(), shared, words)
}

fn line(program: &str, shared: &Shared, words: &[&str]) -> String {
    let mut line = vec![program.to_owned()];
    line.extend(words.iter().map(|word| (*word).to_owned()));
    for (option, path) in [("--data", &shared.data), ("--config", &shared.config)] {
        if let Some(path) = path {
            line.extend([option.to_owned(), path.display().to_string()]);
        }
    }
    quoted(line)
}

fn quoted(words: impl IntoIterator<Item = String>) -> String {
    let words: Vec<String> = words.into_iter().collect();
    // Only a word with a NUL in it cannot be quoted, and no program can be given one.
    shlex::try_join(words.iter().map(String::as_str)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copied_command_means_the_same_words_folder_and_settings() {
        let shared = Shared {
            data: Some("my data".into()),
            config: None,
            json: true,
        };
        let words = ["runs", "resolve", "run_1", "--fail", "it's \"gone\" $HOME"];
        let line = line("flywheel", &shared, &words);
        let read = shlex::split(&line).unwrap();
        assert_eq!(read[0], "flywheel");
        assert_eq!(read[1..6], words);
        assert_eq!(read[6..], ["--data", "my data"]);
    }

    #[test]
    fn nothing_is_quoted_that_need_not_be() {
        let shared = Shared {
            data: None,
            config: None,
            json: false,
        };
        let line = line(
            "flywheel",
            &shared,
            &["runs", "resolve", "run_1", "--retry"],
        );
        assert_eq!(line, "flywheel runs resolve run_1 --retry");
    }
}
