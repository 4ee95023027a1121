//! The table: a row per call, a column per fault, and in each cell one of the five endings.
//!
//! Each row is what the call's client says in its `meaning.rs`, held against what the call does:
//! to ask again, or to make what nobody sees until something else is done with it, is `retry`.
//! Only `publish` and `init_pull_from_url` make a post by themselves; whatever leaves open whether
//! they did is `unknown`, and a connection that never stood leaves nothing open. The bytes of an
//! upload may make a post, too, but there the platform can be asked what it has: see the errors of
//! each `send_chunk` and of `send_bytes`. The readers of public pages have no rows: they ask through
//! Chromium, and `tests/pages/` has their endings.
//!
//! `<` is before anybody has acted on the request, `>` after that; the other heads are in
//! [`COLUMNS`] in words. `(done)` is where a fault finds nothing to change, because the good answer
//! has no JSON in it, or no choice of words; it goes out as it is. Some more cells are `done`:
//! - a 404, and for TikTok a 403, to the bytes of an upload or to a question about it says that the
//!   upload is gone, which is an answer; so is that a post is not there;
//! - an unknown word is handed on as such, or left out of a list; a post of an unknown kind is one;
//! - half a clip is a shorter clip by HTTP and by its first bytes: the media helper looks closer.

use crate::fault::{COLUMNS, Ending, Fault};

/// Sorted by call, with the columns in the order of [`COLUMNS`].
const TABLE: &str = "
call                        refused reset<  reset>  time<   time>   400      401      403      404      429+7s 429   500     503     html     cut     types    word    stall   50MB
anthropic::structured       retry   retry   retry   retry   retry   terminal later    terminal terminal later  later retry   retry   retry    retry   retry    retry   retry   retry
fetch::fetch                retry   retry   retry   retry   retry   terminal terminal terminal terminal later  later retry   retry   terminal done    terminal done    retry   terminal
instagram::container_status retry   retry   retry   retry   retry   terminal later    terminal terminal later  later retry   retry   retry    retry   retry    done    retry   retry
instagram::create_container retry   retry   retry   retry   retry   terminal later    terminal terminal later  later retry   retry   retry    retry   retry    (done)  retry   retry
instagram::insights         retry   retry   retry   retry   retry   terminal later    terminal terminal later  later retry   retry   retry    retry   retry    done    retry   retry
instagram::media            retry   retry   retry   retry   retry   terminal later    terminal done     later  later retry   retry   retry    retry   retry    done    retry   retry
instagram::publish          retry   unknown unknown unknown unknown terminal later    terminal terminal later  later unknown unknown unknown  unknown unknown  (done)  unknown unknown
instagram::publishing_limit retry   retry   retry   retry   retry   terminal later    terminal terminal later  later retry   retry   retry    retry   retry    (done)  retry   retry
instagram::recent_media     retry   retry   retry   retry   retry   terminal later    terminal terminal later  later retry   retry   retry    retry   retry    done    retry   retry
instagram::send_bytes       retry   retry   retry   retry   retry   terminal later    terminal terminal later  later retry   retry   retry    retry   retry    (done)  retry   retry
tiktok::creator_info        retry   retry   retry   retry   retry   terminal later    terminal terminal later  later retry   retry   retry    retry   retry    done    retry   retry
tiktok::init_file_upload    retry   retry   retry   retry   retry   terminal later    terminal terminal later  later retry   retry   retry    retry   retry    retry   retry   retry
tiktok::init_pull_from_url  retry   unknown unknown unknown unknown terminal later    terminal terminal later  later unknown unknown unknown  unknown unknown  unknown unknown unknown
tiktok::refresh             retry   retry   retry   retry   retry   terminal later    terminal terminal later  later retry   retry   retry    retry   retry    done    retry   retry
tiktok::send_chunk          retry   retry   retry   retry   retry   terminal later    done     done     later  later retry   retry   unknown  (done)  (done)   (done)  retry   retry
tiktok::status              retry   retry   retry   retry   retry   terminal later    terminal terminal later  later retry   retry   retry    retry   retry    done    retry   retry
tiktok::video_query         retry   retry   retry   retry   retry   terminal later    terminal terminal later  later retry   retry   retry    retry   retry    retry   retry   retry
youtube::find_upload        retry   retry   retry   retry   retry   terminal later    terminal terminal later  later retry   retry   retry    retry   retry    (done)  retry   retry
youtube::open_session       retry   retry   retry   retry   retry   terminal later    terminal terminal later  later retry   retry   retry    (done)  (done)   (done)  retry   retry
youtube::send_chunk         retry   retry   retry   retry   retry   terminal later    terminal done     later  later retry   retry   retry    retry   retry    done    retry   retry
youtube::session_state      retry   retry   retry   retry   retry   terminal later    terminal done     later  later retry   retry   retry    retry   retry    done    retry   retry
youtube::video              retry   retry   retry   retry   retry   terminal later    terminal terminal later  later retry   retry   retry    retry   retry    done    retry   retry
";

/// What a cell says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cell {
    pub(crate) ending: Ending,
    /// Whether it says so in parentheses: the good answer goes out as it is.
    pub(crate) as_it_is: bool,
}

/// The table as it was read: no row without a cell for each fault.
pub(crate) struct Table {
    rows: Vec<(&'static str, Vec<Cell>)>,
}

impl Table {
    /// Reads [`TABLE`].
    ///
    /// # Errors
    /// Says which place is not as it has to be.
    pub(crate) fn read() -> Result<Self, String> {
        let mut lines = TABLE.lines().filter(|line| !line.is_empty());
        let head: Vec<&str> = lines
            .next()
            .unwrap_or_default()
            .split_whitespace()
            .collect();
        let heads = COLUMNS.iter().map(|column| column.head);
        if !head.iter().copied().eq(["call"].into_iter().chain(heads)) {
            return Err(format!("these are not the heads of all columns: {head:?}"));
        }
        let rows = lines.map(row).collect::<Result<Vec<_>, _>>()?;
        Ok(Self { rows })
    }

    /// The calls, in the order of the rows.
    pub(crate) fn calls(&self) -> impl Iterator<Item = &'static str> {
        self.rows.iter().map(|(call, _)| *call)
    }

    /// What a call is expected to end with.
    ///
    /// # Errors
    /// When there is no such row.
    pub(crate) fn cell(&self, call: &str, fault: Fault) -> Result<Cell, String> {
        let row = self.rows.iter().find(|(name, _)| *name == call);
        let cells = row.map(|(_, cells)| COLUMNS.iter().zip(cells));
        let found = cells.and_then(|mut cells| cells.find(|(column, _)| column.fault == fault));
        found
            .map(|(_, cell)| *cell)
            .ok_or_else(|| format!("{call} has no row"))
    }
}

fn row(line: &'static str) -> Result<(&'static str, Vec<Cell>), String> {
    let mut words = line.split_whitespace();
    let call = words.next().unwrap_or_default();
    let cells = words.map(cell).collect::<Result<Vec<_>, _>>()?;
    match cells.len() == COLUMNS.len() {
        true => Ok((call, cells)),
        false => Err(format!("{call} has {} cells", cells.len())),
    }
}

fn cell(word: &str) -> Result<Cell, String> {
    let bare = word
        .strip_prefix('(')
        .and_then(|word| word.strip_suffix(')'));
    let ending = Ending::named(bare.unwrap_or(word));
    Ok(Cell {
        ending: ending.ok_or_else(|| format!("{word} is no ending"))?,
        as_it_is: bare.is_some(),
    })
}
