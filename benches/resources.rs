//! What processes and folders take, on Linux: resident memory from `/proc`, and blocks of the disk.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use anyhow::{Context as _, bail};

/// Bytes that a file takes on disk; nothing if there is no such file.
pub(crate) fn size_of_file(file: &Path) -> u64 {
    fs::metadata(file).map_or(0, |file| file.blocks() * 512)
}

/// Bytes that all files of a folder take on disk. One that is removed meanwhile takes none.
pub(crate) fn size_of_folder(folder: &Path) -> anyhow::Result<u64> {
    let mut size = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        size += match is_folder {
            true => size_of_folder(&entry.path())?,
            false => size_of_file(&entry.path()),
        };
    }
    Ok(size)
}

/// Resident memory of a process.
pub(crate) fn resident_kib(id: u32) -> anyhow::Result<u64> {
    let status = fs::read_to_string(format!("/proc/{id}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    let number = number.with_context(|| format!("process {id} says no VmRSS"))?;
    Ok(number.parse()?)
}

/// The one process that this one has started.
pub(crate) fn only_child() -> anyhow::Result<u32> {
    let own = std::process::id().to_string();
    let mut children = Vec::new();
    for entry in fs::read_dir("/proc")? {
        let name = entry?.file_name();
        let Some(id) = name.to_str().and_then(|name| name.parse::<u32>().ok()) else {
            continue;
        };
        let stat = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
        // `id (program) state parent …`, and the program may have any letters.
        let after_program = stat.rsplit_once(") ").map_or("", |(_, rest)| rest);
        if after_program.split(' ').nth(1) == Some(own.as_str()) {
            children.push(id);
        }
    }
    match children.as_slice() {
        [id] => Ok(*id),
        _ => bail!("there are {} child processes and not one", children.len()),
    }
}
