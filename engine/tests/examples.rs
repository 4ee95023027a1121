//! Every example does what it says of itself.
//!
//! Four need a Restate server, `RESTATE_SERVER_BIN`, and one of these a step in TypeScript,
//! `FLYWHEEL_REMOTE_STEP`: `cargo xtask test` installs and names both.

#![expect(
    clippy::duplicate_mod,
    reason = "each example stands alone, and four have the same stage"
)]

#[path = "../../examples/cancel.rs"]
#[expect(dead_code, reason = "its `main` is for people")]
pub mod cancel;
#[path = "../../examples/fan_out.rs"]
#[expect(dead_code, reason = "its `main` is for people")]
pub mod fan_out;
#[path = "../../examples/park_and_resolve.rs"]
#[expect(dead_code, reason = "its `main` is for people")]
pub mod park_and_resolve;
#[path = "../../examples/remote_step.rs"]
#[expect(dead_code, reason = "its `main` is for people")]
pub mod remote_step;
#[path = "../../examples/rerun.rs"]
#[expect(dead_code, reason = "its `main` is for people")]
pub mod rerun;
#[path = "../../examples/retries.rs"]
#[expect(dead_code, reason = "its `main` is for people")]
pub mod retries;
#[path = "../../examples/schedule.rs"]
#[expect(dead_code, reason = "its `main` is for people")]
pub mod schedule;
#[path = "../../examples/wait_for_event.rs"]
#[expect(dead_code, reason = "its `main` is for people")]
pub mod wait_for_event;

#[track_caller]
fn check(told: &[String], expected: &[&str]) {
    assert_eq!(told, expected);
}

#[tokio::test]
async fn a_step_is_tried_again_comes_back_later_and_gets_done() {
    check(
        &retries::run().await.unwrap(),
        &[
            "charge#1 retry (bank_unreachable)",
            "wait: charge: retry after bank_unreachable",
            "charge#2 later (bank_closed)",
            "wait: charge: bank_closed",
            "charge#3 done",
            "charge#1 terminal (card_refused)",
            "charged 4900 as order_1/charge/1",
            "put aside: card_refused",
            "1h 2s of waiting, skipped",
        ],
    );
}

#[tokio::test]
async fn a_child_that_fails_stops_no_other() {
    check(
        &fan_out::run().await.unwrap(),
        &[
            "sent: ada's invoice, in march.1",
            "sent: eve's invoice, in march.3",
            "failed: bob: no_address",
        ],
    );
}

#[tokio::test]
async fn a_run_waits_for_an_event_until_its_time_is_over() {
    check(
        &wait_for_event::run().await.unwrap(),
        &[
            "send_mail#1 done",
            "send_mail#1 done",
            "wait: event sign_up/confirmed bob",
            "send_mail@2#1 done",
            "ada is in, on plan small",
            "bob did not confirm",
            "72h of waiting, skipped",
        ],
    );
}

#[tokio::test]
async fn a_parked_step_is_decided_by_a_person() {
    check(
        &park_and_resolve::run().await.unwrap(),
        &[
            "transfer#1 unknown (answer_lost)",
            "print#1 retry (out_of_paper)",
            "wait: print: retry after out_of_paper",
            "print#2 retry (out_of_paper)",
            "print#3 done",
            "transfer 7781, pages of its receipt: 1",
        ],
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tick_starts_one_run_whoever_looks() {
    check(
        &schedule::run().await.unwrap(),
        &[
            "next: 2026-03-28T05:00:00Z",
            "next: 2026-03-29T04:00:00Z",
            "started: 1",
            "started: 0",
            "count_orders done",
            "completed: \"the shop in the station: 17 orders\"",
            "count_orders done",
            "completed: \"the shop in the station: 17 orders\"",
        ],
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_is_cancelled_undoes_what_it_did() {
    check(
        &cancel::run().await.unwrap(),
        &[
            "seats taken: 1",
            "reserve_seat done",
            "give_seat_back done",
            "cancelled: run_cancelled",
            "seats taken: 0",
            "cancel by the travel desk: ada is ill",
        ],
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rerun_takes_over_what_was_done_before() {
    check(
        &rerun::run().await.unwrap(),
        &[
            "price_order done",
            "send_invoice terminal (address_invalid)",
            "failed: address_invalid",
            "send_invoice done",
            "completed: \"4900 to ada@shop.example\"",
        ],
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_step_in_typescript_ends_in_the_same_words() {
    check(
        &remote_step::run().await.unwrap(),
        &[
            "translate retry (dictionary_loading)",
            "translate done",
            "completed: \"Ihre Bestellung ist unterwegs\"",
            "translate retry (dictionary_loading)",
            "translate terminal (language_unknown)",
            "failed: language_unknown",
        ],
    );
}
