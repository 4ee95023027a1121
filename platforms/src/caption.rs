//! A caption with its hashtags, for platforms that know hashtags only as a part of it.

/// `caption` with the hashtags behind it that it does not have already, each once and with one `#`.
#[must_use]
pub fn with_hashtags(caption: &str, hashtags: &[String]) -> String {
    let mut text = caption.trim().to_owned();
    for tag in hashtags {
        let tag = format!("#{}", tag.trim_start_matches('#'));
        if tag == "#" || text.split_whitespace().any(|word| word == tag) {
            continue;
        }
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(&tag);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashtags_stand_behind_the_caption_once_each() {
        let tags = ["#money", "budget", "#budget", "#mon", "#"].map(str::to_owned);
        let text = with_hashtags(" Save #money now ", &tags);
        assert_eq!(text, "Save #money now #budget #mon");
        assert_eq!(with_hashtags("", &tags), "#money #budget #mon");
    }
}
