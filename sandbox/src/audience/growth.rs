//! How a post's lasting numbers appear over time.

/// Hours in which the curve reaches 1 - 1/e of the whole.
const HOURS: f64 = 12.0;
/// More than 1: a slow start, as a platform first tries a post on few people.
const SHAPE: f64 = 1.3;

/// The share of the lasting numbers that is shown at this age (hours): 0 at first, a third at six
/// hours, then towards 1. Never falls.
pub(crate) fn share_shown(age_hours: f64) -> f64 {
    if age_hours <= 0.0 {
        return 0.0;
    }
    1.0 - (-(age_hours / HOURS).powf(SHAPE)).exp()
}
