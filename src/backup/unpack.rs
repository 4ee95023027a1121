//! Reading the file: first all of it, to see that it is whole, then again, to unpack it. Everything
//! here blocks.

use std::fs::{DirBuilder, File};
use std::io::{self, BufReader, Read};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Component, Path};

use anyhow::{Context as _, bail};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::manifest::{Manifest, Part};
use super::measured::Measured;
use super::{FORMAT, MANIFEST};

/// Reads all of a backup, and what it says of itself.
///
/// # Errors
/// When it is no backup, is not whole, or any part is not what was put in.
pub(super) fn check(file: &Path, stop: &CancellationToken) -> anyhow::Result<Manifest> {
    let mut found = Vec::new();
    let mut manifest = None;
    each(file, |name, content| {
        if manifest.is_some() {
            bail!("{name} stands behind its end");
        }
        if name == MANIFEST {
            manifest = Some(read_manifest(content)?);
            return Ok(());
        }
        let mut measured = Measured::new(content, stop);
        io::copy(&mut measured, &mut io::sink()).with_context(|| format!("read {name}"))?;
        found.push(measured.into_part(name));
        Ok(())
    })?;
    let Some(manifest) = manifest else {
        bail!("its end is missing");
    };
    compare(&found, &manifest.parts)?;
    Ok(manifest)
}

/// Unpacks everything but the manifest into an empty folder; all of it is only its owner's.
pub(super) fn unpack(file: &Path, into: &Path, stop: &CancellationToken) -> anyhow::Result<()> {
    each(file, |name, content| {
        if name == MANIFEST {
            return Ok(());
        }
        let path = into.join(&name);
        let writing = || format!("write {}", path.display());
        if let Some(folder) = path.parent() {
            let mut make = DirBuilder::new();
            make.recursive(true).mode(0o700);
            make.create(folder).with_context(writing)?;
        }
        let mut written = File::options()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
            .with_context(writing)?;
        io::copy(&mut Measured::new(content, stop), &mut written).with_context(writing)?;
        written.sync_all().with_context(writing)
    })
}

/// Comes to each part in turn.
fn each(
    file: &Path,
    mut look: impl FnMut(String, &mut dyn Read) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let opened = File::open(file).with_context(|| format!("open {}", file.display()))?;
    let mut archive = tar::Archive::new(BufReader::new(opened));
    for part in archive.entries().context("read it")? {
        let mut part = part.context("read it as a tar")?;
        let Some(name) = name_of(&part)? else {
            bail!("it has a part that no backup has");
        };
        look(name, &mut part)?;
    }
    Ok(())
}

/// The name of a file that lies inside; nothing for anything else.
fn name_of<R: Read>(part: &tar::Entry<'_, R>) -> anyhow::Result<Option<String>> {
    let path = part.path().context("read the name of a part")?;
    let is_inside = path
        .components()
        .all(|component| matches!(component, Component::Normal(_)));
    let is_file = part.header().entry_type().is_file();
    let name = path.to_str().filter(|_| is_inside && is_file);
    Ok(name.map(str::to_owned))
}

fn read_manifest(content: &mut dyn Read) -> anyhow::Result<Manifest> {
    let manifest: Value = serde_json::from_reader(content).context("read its manifest")?;
    match manifest["format"].as_u64() {
        Some(FORMAT) => serde_json::from_value(manifest).context("read its manifest"),
        Some(other) => bail!(
            "it is of format {other}, and this program knows format {FORMAT}; restore it with the \
             program that took it"
        ),
        None => bail!("its manifest names no format"),
    }
}

fn compare(found: &[Part], kept: &[Part]) -> anyhow::Result<()> {
    for (found, kept) in found.iter().zip(kept) {
        if found != kept {
            bail!("{} is not what was put in", kept.path);
        }
    }
    if found.len() != kept.len() {
        bail!("it has {} parts of {}", found.len(), kept.len());
    }
    Ok(())
}
