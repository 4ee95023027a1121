//! What a reel says about itself, and what is wrong with it.
//!
//! Limits: the vendor's reference of `POST /{ig-user-id}/media`: 2,200 characters, 30 hashtags,
//! 20 @ tags.

use super::error::ApiError;

const MAX_CHARACTERS: usize = 2200;
const MAX_HASHTAGS: usize = 30;
const MAX_MENTIONS: usize = 20;

/// Refuses a caption that is too long, or has too many tags.
pub(crate) fn check(caption: &str) -> Result<(), ApiError> {
    if caption.chars().count() > MAX_CHARACTERS || hashtags(caption).len() > MAX_HASHTAGS {
        return Err(ApiError::publishing(36004, 2_207_010));
    }
    if mentions(caption) > MAX_MENTIONS {
        return Err(ApiError::publishing(100, 2_207_040));
    }
    Ok(())
}

/// The words behind a `#`, in order.
pub(crate) fn hashtags(caption: &str) -> Vec<String> {
    let behind = caption.split('#').skip(1);
    let words = behind.map(|text| text.chars().take_while(|c| is_of_a_word(*c)).collect());
    words.filter(|word: &String| !word.is_empty()).collect()
}

/// The first line, which is what people see of it before they ask for more.
pub(crate) fn first_line(caption: &str) -> &str {
    caption.lines().next().unwrap_or("").trim()
}

/// How often an `@` stands before a name; in an e-mail address it does not.
fn mentions(caption: &str) -> usize {
    let mut before = ' ';
    let mut found = 0;
    let mut letters = caption.chars().peekable();
    while let Some(letter) = letters.next() {
        let named = letters.peek().is_some_and(|next| is_of_a_word(*next));
        if letter == '@' && named && !is_of_a_word(before) {
            found += 1;
        }
        before = letter;
    }
    found
}

fn is_of_a_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_at_the_limits_passes_and_one_more_does_not() {
        let full = format!("{}{}", "#ä ".repeat(30), "@b ".repeat(20));
        let rest = MAX_CHARACTERS - full.chars().count();
        let full = format!("{full}{}", "ü".repeat(rest));
        assert!(check(&full).is_ok());
        assert!(check(&format!("{full}x")).is_err());
        assert!(check(&"#a".repeat(31)).is_err());
        assert!(check(&"@a ".repeat(21)).is_err());
        assert!(check(&"me@mail.example ".repeat(21)).is_ok());
    }

    #[test]
    fn tags_are_the_words_behind_the_marks() {
        assert_eq!(
            hashtags("Save #money, #geld_sparen#x ## C# 1"),
            ["money", "geld_sparen", "x"]
        );
        assert_eq!(first_line("One \nTwo"), "One");
        assert_eq!(first_line(""), "");
    }
}
