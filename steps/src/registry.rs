//! The list of steps, sorted. A line here gives a step its place in [`Steps`] and its row in the
//! catalogue; its tests are a `prove!` in `tests/suite/`, and a test there fails while one is missing.

use std::sync::Arc;

use engine::registry::StepInfo;

use crate::services::Services;

macro_rules! steps {
    ($($name:ident: $step:ty),* $(,)?) => {
        /// Every step, ready to be used by workflows.
        #[derive(Clone)]
        pub struct Steps {
            $(#[doc = concat!("See [`", stringify!($step), "`].")] pub $name: Arc<$step>,)*
        }

        impl Steps {
            /// Builds each step from the clients it needs.
            #[must_use]
            pub fn new(services: &Services) -> Self {
                Self { $($name: Arc::new(<$step>::new(services)),)* }
            }
        }

        /// Name, policy and schemas of every step, sorted by name.
        #[must_use]
        pub fn catalogue() -> Vec<StepInfo> {
            vec![$(StepInfo::of::<$step>()),*]
        }
    };
}

steps! {
    analyze: crate::analyze::Analyze,
    critique: crate::critique::Critique,
    feedback: crate::feedback::Feedback,
    post_confirm: crate::post_confirm::PostConfirm,
    post_in_doubt: crate::post_in_doubt::PostInDoubt,
    post_open: crate::post_open::PostOpen,
    post_send: crate::post_send::PostSend,
    predict: crate::predict::Predict,
    reweight: crate::reweight::Reweight,
    scrape: crate::scrape::Scrape,
}
