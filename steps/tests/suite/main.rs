//! Every step through the same suite, on a real sandbox: the example is done, a second execution
//! changes nothing, each failure of the outside ends as declared, values survive JSON. What posts and
//! what reads is proven on each platform; a step that needs no sandbox may be proven in its own file.
//! Beside it stands what the suite cannot say: posts in doubt, files, and the platforms' own rules.

#![expect(
    clippy::unwrap_used,
    reason = "helpers are test code, too, which clippy cannot see"
)]

#[macro_use]
mod prove;

mod every_platform;
mod files;
mod in_doubt;
mod instagram;
mod rules;
mod tiktok;
mod youtube;

#[path = "../world/mod.rs"]
#[expect(dead_code, reason = "the test of the loop uses the rest of the world")]
mod world;

use steps::catalogue;

/// Steps that ask each platform for other things.
const OF_A_PLATFORM: [&str; 4] = ["post_confirm", "post_open", "post_send", "scrape"];
const PLATFORMS: [(&str, &str); 3] = [
    ("instagram", include_str!("instagram.rs")),
    ("tiktok", include_str!("tiktok.rs")),
    ("youtube", include_str!("youtube.rs")),
];

#[test]
fn every_registered_step_is_proven() {
    let mut unproven = Vec::new();
    for name in catalogue().into_iter().map(|step| step.name) {
        if OF_A_PLATFORM.contains(&name) {
            let without = PLATFORMS.iter().filter(|(_, part)| !proves(part, name));
            unproven.extend(without.map(|(platform, _)| format!("{name} on {platform}")));
        } else if !proves(include_str!("every_platform.rs"), name) && !proves_itself(name) {
            unproven.push(name.to_owned());
        }
    }
    assert!(unproven.is_empty(), "add a `prove!` for {unproven:?}");
}

/// Whether the step's own file has its proof, as `cargo xtask new-step` writes it.
fn proves_itself(step: &str) -> bool {
    let file = format!("{}/src/{step}.rs", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(file).is_ok_and(|text| text.contains("engine::prove_step!("))
}

/// Whether a part has a `prove!` whose second argument is this step.
fn proves(part: &str, step: &str) -> bool {
    let mut proofs = part.split("prove!(").skip(1);
    proofs.any(|proof| proof.split(',').nth(1).map(str::trim) == Some(step))
}
