//! Whether two JSON values say the same, when one of them has been in the database. Postgres
//! writes `1e2` as `100`, and printing and parsing a fraction may move its last bit: neither is
//! another message.

use serde_json::{Number, Value};

/// Far above what printing and parsing can move a number by, far below what a sender means.
const RELATIVE: f64 = 1e-12;

pub(crate) fn same_json(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => same_number(one, other),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(a, b)| same_json(a, b))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one
                    .iter()
                    .all(|(name, a)| other.get(name).is_some_and(|b| same_json(a, b)))
        }
        _ => one == other,
    }
}

fn same_number(one: &Number, other: &Number) -> bool {
    // Whole numbers are compared as such: a double cannot tell large ones apart.
    if one.is_f64() || other.is_f64() {
        match (one.as_f64(), other.as_f64()) {
            (Some(a), Some(b)) => (a - b).abs() <= RELATIVE * a.abs().max(b.abs()),
            _ => false,
        }
    } else {
        one == other
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_a_database_does_to_numbers_and_order_is_the_same_message() {
        let pairs = [
            (
                json!({"a": 1e2, "b": [1, 2]}),
                json!({"b": [1, 2], "a": 100}),
            ),
            (json!(0.1 + 0.2), json!(0.300_000_000_000_000_1)),
            (json!(-0.0), json!(0)),
        ];
        for (sent, stored) in pairs {
            assert!(same_json(&sent, &stored), "{sent} and {stored}");
        }
    }

    #[test]
    fn what_a_sender_changes_is_another_message() {
        let pairs = [
            (json!({"a": 1}), json!({"a": 2})),
            (json!({"a": 1}), json!({"a": 1, "b": null})),
            (json!({"a": null}), json!({"b": null})),
            (json!([1, 2]), json!([2, 1])),
            (json!([1]), json!([1, 1])),
            (json!("1"), json!(1)),
            (
                json!(9_007_199_254_740_993_u64),
                json!(9_007_199_254_740_992_u64),
            ),
            (json!(6.5), json!(6.500_001)),
        ];
        for (one, other) in pairs {
            assert!(!same_json(&one, &other), "{one} and {other}");
            assert!(!same_json(&other, &one), "{other} and {one}");
        }
    }
}
