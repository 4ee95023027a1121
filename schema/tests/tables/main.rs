//! The channel's tables, proven on every database they must run on: one set of tests, SQLite in a
//! temporary folder always, and Postgres when `FLYWHEEL_TEST_POSTGRES_URL` names a server.

mod account_tokens;
mod database;
mod events;
mod made_once;
mod migrations;
mod posts;
mod posts_uploads;
mod reading_turns;
mod records;
mod rows;
mod weights;
