//! One platform's calls and a host that fails them: every cell of its rows, all rows at once.

use std::cmp::Reverse;
use std::error::Error;
use std::io;
use std::time::Duration;

use futures::future::try_join_all;
use platforms::{LaterWhen, Meaning, PlatformError};
use tokio::time::timeout;

use crate::answer::Answer;
use crate::calls::{Call, Outcome, Platform};
use crate::fault::{ASKED_SECONDS, COLUMNS, Column, Ending, Fault};
use crate::host::{Act, Host, Turn};
use crate::table::{Cell, Table};

/// The client's time limit where it is what ends the call. In a program it is between 30 s and some
/// minutes; that the fault outlasts it is all that counts, so the faults here go on for ever, and
/// a stall of 30 s is one of more than this.
const HASTY: Duration = Duration::from_millis(300);
/// The client's time limit where something else ends the call, on a machine that is busy.
const PATIENT: Duration = Duration::from_secs(30);
/// Until a call is given up that has no time limit of its own, as it seems.
const FOR_EVER: Duration = Duration::from_secs(60);
/// A part of each secret that a call is made with, or gets.
const SECRET: &str = "canary";

/// A host, and the platform's clients for it.
pub(crate) struct Stage<P> {
    host: Host,
    hasty: P,
    patient: P,
}

impl<P: Platform> Stage<P> {
    pub(crate) async fn set() -> Result<Self, Box<dyn Error>> {
        let host = Host::start().await?;
        Ok(Self {
            hasty: P::at(&host.base, HASTY)?,
            patient: P::at(&host.base, PATIENT)?,
            host,
        })
    }

    /// Plays every cell of the platform's rows: what is not as it has to be, a line each.
    pub(crate) async fn play(&self, table: &Table) -> Result<Vec<String>, Box<dyn Error>> {
        let rows = P::CALLS.iter().map(|call| self.row(call, table));
        let mut differ = try_join_all(rows).await?.concat();
        // Once the host has left, it has left for all. Who has to be answered before is first.
        let mut calls = Vec::new();
        for call in P::CALLS {
            calls.push(((call.answers)(&self.host.base)?.len(), call));
        }
        calls.sort_by_key(|(requests, _)| Reverse(*requests));
        for (_, call) in calls {
            for column in COLUMNS.iter().filter(|column| is_refusal(column)) {
                differ.extend(self.cell(call, column, table).await?);
            }
        }
        differ.extend(self.host.strange());
        Ok(differ)
    }

    /// The cells of one row, but that of a host that has left.
    async fn row(&self, call: &Call<P>, table: &Table) -> Result<Vec<String>, Box<dyn Error>> {
        let mut differ = Vec::new();
        for column in COLUMNS.iter().filter(|column| !is_refusal(column)) {
            differ.extend(self.cell(call, column, table).await?);
        }
        Ok(differ)
    }

    async fn cell(
        &self,
        call: &Call<P>,
        column: &Column,
        table: &Table,
    ) -> Result<Vec<String>, Box<dyn Error>> {
        let fault = column.fault;
        let expected = table.cell(call.name, fault)?;
        let mut answers = (call.answers)(&self.host.base)?;
        let last = answers.pop().ok_or("a call that asks for nothing")?;
        let as_it_is = finds_nothing(fault, call, &last);
        let mut turns: Vec<Turn> = answers.into_iter().map(well).collect();
        match act(fault, call, last)? {
            Some(turn) => turns.push(turn),
            None => match turns.last_mut() {
                Some(turn) => turn.leaves = true,
                None => self.host.leave().await?,
            },
        }
        let watched = self.host.plan(turns);
        let client = if fault.waits() {
            &self.hasty
        } else {
            &self.patient
        };
        let mut wrong = match timeout(FOR_EVER, (call.make)(client.clone())).await {
            Ok(outcome) => judged(expected, fault, &outcome, P::CODES),
            Err(_elapsed) => vec![format!("no ending after {FOR_EVER:?}")],
        };
        if as_it_is != expected.as_it_is {
            wrong.push("parentheses are where a fault finds nothing, and nowhere else".to_owned());
        }
        wrong.extend(watched.problem().await);
        let line = |wrong: String| format!("{} × {}: {wrong}", call.name, column.words);
        Ok(wrong.into_iter().map(line).collect())
    }
}

fn is_refusal(column: &Column) -> bool {
    column.fault == Fault::Refused
}

/// Whether the good answer has nothing that the fault could change.
fn finds_nothing<P>(fault: Fault, call: &Call<P>, answer: &Answer) -> bool {
    match fault {
        Fault::Cut => !answer.has_body(),
        Fault::WrongType => call.wrong_type.is_none(),
        Fault::UnknownWord => call.unknown_word.is_none(),
        _ => false,
    }
}

/// A request that is answered well.
fn well(answer: Answer) -> Turn {
    Turn {
        mark: answer.to,
        reads: true,
        act: Act::Answer(answer),
        leaves: false,
    }
}

/// What is done to the call's last request, which `answer` would be for; nothing when nobody is
/// there any more.
fn act<P>(fault: Fault, call: &Call<P>, answer: Answer) -> io::Result<Option<Turn>> {
    let to = answer.to;
    let act = match fault {
        Fault::Refused => return Ok(None),
        Fault::ResetBefore | Fault::ResetAfter => Act::Reset,
        Fault::TimeOutBefore | Fault::TimeOutAfter => Act::Silence,
        Fault::Status(status) => Act::Answer(Answer::bare(to, status)),
        Fault::LimitedFor7s => {
            let limited = Answer::bare(to, 429);
            Act::Answer(limited.header("retry-after", ASKED_SECONDS.to_string()))
        }
        Fault::Page => {
            let page = "<!doctype html><html><body>Please log in.</body></html>".to_owned();
            Act::Answer(Answer::text(to, 200, page).header("content-type", "text/html"))
        }
        Fault::Cut => Act::Answer(answer.cut()),
        Fault::WrongType => Act::Answer(answer.changed(call.wrong_type)?),
        Fault::UnknownWord => Act::Answer(answer.changed(call.unknown_word)?),
        Fault::Stall => Act::Half(answer),
        Fault::Flood => Act::Flood(answer),
    };
    Ok(Some(Turn {
        mark: to,
        reads: fault.reads(),
        act,
        leaves: false,
    }))
}

/// What is wrong with how a call ended, and with what its error shows.
fn judged(expected: Cell, fault: Fault, outcome: &Outcome, codes: &[&str]) -> Vec<String> {
    let mut wrong = Vec::new();
    let ending = Ending::of(outcome);
    if ending != expected.ending {
        let told = match outcome {
            Ok(()) => String::new(),
            Err(error) => format!(" ({}, {})", error.code(), error.message()),
        };
        wrong.push(format!("expected {}, was {ending}{told}", expected.ending));
    }
    let Err(error) = outcome else {
        return wrong;
    };
    if let Meaning::Later(when) = error.meaning()
        && fault == Fault::LimitedFor7s
        && when != LaterWhen::After(Duration::from_secs(ASKED_SECONDS))
    {
        wrong.push(format!(
            "expected a wait of {ASKED_SECONDS} s, was {when:?}"
        ));
    }
    if !codes.contains(&error.code()) {
        wrong.push(format!("{} is no code of the module", error.code()));
    }
    let shown = shown(error);
    if shown.contains(SECRET) {
        wrong.push(format!("a secret is shown: {shown}"));
    }
    wrong
}

/// All that can be seen of an error: its text and its `Debug` form, and those of its causes.
fn shown(error: &PlatformError) -> String {
    let mut shown = String::new();
    let mut cause: Option<&dyn Error> = Some(error);
    while let Some(error) = cause {
        shown.push_str(&format!("{error}\n{error:?}\n"));
        cause = error.source();
    }
    shown
}
