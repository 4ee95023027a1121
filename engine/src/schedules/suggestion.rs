//! What may have been meant by a name that is not known.

/// How alike two names are that may be confused: from 0 to 1.
const LIKE: f64 = 0.7;

/// The end of a sentence: the known name that is most like it, or nothing if none is.
pub(super) fn did_you_mean<'n>(name: &str, known: impl IntoIterator<Item = &'n str>) -> String {
    known
        .into_iter()
        .map(|known| (strsim::jaro_winkler(name, known), known))
        .filter(|(likeness, _)| *likeness >= LIKE)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map_or_else(String::new, |(_, meant)| {
            format!("; did you mean `{meant}`?")
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_that_is_most_like_it_is_suggested() {
        let known = ["measure", "measure_batch", "video_loop"];
        let meant = did_you_mean("measure-batch", known);
        assert_eq!(meant, "; did you mean `measure_batch`?");
        assert_eq!(did_you_mean("x", known), "");
    }
}
