//! The list of steps.
//!
//! A line here makes a step: it declares the module in `NAME.rs` beside this file,
//! gives the step its place in [`Steps`] and its row in the catalogue, and has a test in
//! `tests/suite/` fail until the step is proven.

use std::sync::Arc;

use engine::Registry;
use engine::registry::StepInfo;

use crate::services::Services;

/// Hands the list, sorted by name, to another macro.
macro_rules! each_step {
    ($then:ident) => {
        $then! {
            analyze: Analyze,
            critique: Critique,
            due_posts: DuePosts,
            feedback: Feedback,
            post_confirm: PostConfirm,
            post_in_doubt: PostInDoubt,
            post_open: PostOpen,
            post_send: PostSend,
            predict: Predict,
            reweight: Reweight,
            scrape: Scrape,
        }
    };
}

macro_rules! registry {
    ($($name:ident: $step:ident,)*) => {
        /// Every step, ready to be used by workflows.
        #[derive(Clone)]
        pub struct Steps {
            $(
                #[doc = concat!("See [`", stringify!($step), "`](crate::", stringify!($name), "::", stringify!($step), ").")]
                pub $name: Arc<crate::$name::$step>,
            )*
        }

        impl Steps {
            /// Builds each step from the clients it needs.
            #[must_use]
            pub fn new(services: &Services) -> Self {
                Self { $($name: Arc::new(crate::$name::$step::new(services)),)* }
            }

            /// Gives a registry every step with its row in the catalogue, to be executed as a service
            /// where its placement says so.
            #[must_use]
            pub fn serve(&self, registry: Registry) -> Registry {
                registry$(.serve(self.$name.clone()))*
            }
        }

        /// Name, policy and schemas of every step, sorted by name.
        #[must_use]
        pub fn catalogue() -> Vec<StepInfo> {
            vec![$(StepInfo::of::<crate::$name::$step>()),*]
        }
    };
}

each_step!(registry);
