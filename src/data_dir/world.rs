//! `world.json`: on which side each service was when the folder was first used, so that a variable
//! that is missing one day neither ends real runs in the sandbox nor mixes its outcomes into theirs.

use super::{DataDir, DataDirError, Place};
use crate::config::Sides;

/// What the folder was used with; `None` before its first use.
pub(crate) fn kept_world(data: &DataDir) -> Result<Option<Sides>, DataDirError> {
    let path = data.path(Place::World);
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(DataDirError::io("read", &path)(error)),
    };
    match serde_json::from_str(&text) {
        Ok(sides) => Ok(Some(sides)),
        Err(source) => Err(DataDirError::World { path, source }),
    }
}

/// Keeps `now` at the folder's first use. Of what is kept already nothing changes; a service that
/// this build has and the folder does not know yet is added.
pub(crate) fn keep_world(data: &DataDir, now: &Sides) -> Result<(), DataDirError> {
    let Some(kept) = kept_world(data)? else {
        // The first of several processes wins; the others see what it kept when they compare.
        return write(data, now, false);
    };
    let mut all = now.clone();
    all.extend(kept.clone());
    if all == kept {
        return Ok(());
    }
    write(data, &all, true)
}

fn write(data: &DataDir, sides: &Sides, replace: bool) -> Result<(), DataDirError> {
    let text = serde_json::to_string_pretty(sides).map_err(|source| DataDirError::World {
        path: data.path(Place::World),
        source,
    })?;
    data.write(Place::World, &text, replace)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sides(text: &str) -> Sides {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn the_first_world_stays_and_a_new_service_joins_it() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataDir::open(folder.path()).unwrap();
        assert_eq!(kept_world(&data).unwrap(), None);
        let first = sides(r#"{"youtube":"real"}"#);
        keep_world(&data, &first).unwrap();
        assert_eq!(kept_world(&data).unwrap(), Some(first));
        keep_world(&data, &sides(r#"{"youtube":"sandbox","tiktok":"sandbox"}"#)).unwrap();
        assert_eq!(
            kept_world(&data).unwrap(),
            Some(sides(r#"{"youtube":"real","tiktok":"sandbox"}"#))
        );
    }

    #[test]
    fn a_file_that_was_spoilt_is_an_error_and_not_a_new_folder() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataDir::open(folder.path()).unwrap();
        std::fs::write(data.path(Place::World), r#"{"youtube":"prod"}"#).unwrap();
        assert!(matches!(kept_world(&data), Err(DataDirError::World { .. })));
    }
}
