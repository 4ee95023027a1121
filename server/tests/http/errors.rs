//! That every code can be looked up, and that a server without usable secrets does not start.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use metrics_exporter_prometheus::PrometheusBuilder;
use secrecy::SecretString;
use server::code::Code;
use server::{Server, ServerConfig, ServerError};

use crate::harness::{Place, SECRET};
use crate::loops::Loops;

#[test]
fn every_code_has_a_page_that_says_what_it_means_how_to_see_it_and_how_to_fix_it() {
    let pages = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/errors");
    for code in Code::ALL {
        let file = pages.join(format!("{}.md", code.name()));
        let page =
            std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{file:?}: {error}"));
        assert!(
            page.starts_with(&format!("# {}\n", code.name())),
            "{file:?}"
        );
        assert!(
            page.contains(&format!("HTTP {}", code.status().as_u16())),
            "{file:?}"
        );
        for part in ["## What it means", "## How to see it", "## How to fix it"] {
            assert!(page.contains(part), "{file:?} lacks {part}");
        }
    }
}

#[test]
fn codes_are_sorted_and_unlike() {
    let names: Vec<&str> = Code::ALL.into_iter().map(Code::name).collect();
    assert!(names.is_sorted(), "{names:?}");
    assert_eq!(names.iter().collect::<HashSet<_>>().len(), names.len());
    let titles: HashSet<&str> = Code::ALL.into_iter().map(Code::title).collect();
    assert_eq!(titles.len(), names.len());
}

#[tokio::test]
async fn a_server_without_a_usable_secret_is_not_built() {
    let place = Place::new().await;
    for secrets in [&[][..], &["whsec_c2hvcnQ="], &[SECRET, "secret"]] {
        let secrets = secrets
            .iter()
            .map(|&secret: &&str| SecretString::from(secret))
            .collect();
        let handle = PrometheusBuilder::new().build_recorder().handle();
        let config = ServerConfig::new(secrets);
        let built = Server::new(place.db.clone(), Arc::new(Loops::default()), handle, config);
        assert!(matches!(built, Err(ServerError::Secrets(_))));
    }
}
