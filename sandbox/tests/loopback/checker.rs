//! A small checker of JSON schemas, written apart from the code that fills them.

use serde_json::Value;

/// Fails when `root`'s part `schema` does not accept `value`.
pub(crate) fn assert_valid(schema: &Value, value: &Value, root: &Value) {
    if let Some(reference) = schema["$ref"].as_str() {
        let target = root.pointer(&reference[1..]);
        return assert_valid(target.unwrap_or(&Value::Null), value, root);
    }
    for one in schema["allOf"].as_array().into_iter().flatten() {
        assert_valid(one, value, root);
    }
    if let Some(constant) = schema.get("const") {
        assert_eq!(constant, value);
    }
    if let Some(options) = schema["enum"].as_array() {
        assert!(options.contains(value), "{value} in {options:?}");
    }
    let is = |kind: &Value| match kind.as_str() {
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("number") => value.is_number(),
        Some("integer") => value.is_i64() || value.is_u64(),
        Some("boolean") => value.is_boolean(),
        Some("null") => value.is_null(),
        _ => false,
    };
    match schema.get("type") {
        Some(Value::Array(kinds)) => assert!(kinds.iter().any(is), "{value} is {kinds:?}"),
        Some(kind) => assert!(is(kind), "{value} is {kind}"),
        None => {}
    }
    if let Some(fields) = value.as_object() {
        for name in schema["required"].as_array().into_iter().flatten() {
            assert!(fields.contains_key(name.as_str().unwrap_or("")), "{name}");
        }
        if let Some(properties) = schema["properties"].as_object() {
            for (name, field) in fields {
                assert!(properties.contains_key(name), "{name} is extra");
                assert_valid(&properties[name], field, root);
            }
        }
    }
    if let Some(items) = value.as_array() {
        assert!(items.len() as u64 >= schema["minItems"].as_u64().unwrap_or(0));
        assert!(items.len() as u64 <= schema["maxItems"].as_u64().unwrap_or(u64::MAX));
        items
            .iter()
            .for_each(|item| assert_valid(&schema["items"], item, root));
    }
    if let Some(number) = value.as_f64() {
        assert!(number <= schema["maximum"].as_f64().unwrap_or(f64::MAX));
        assert!(number >= schema["minimum"].as_f64().unwrap_or(f64::MIN));
    }
    if let Some(text) = value.as_str() {
        let length = text.chars().count() as u64;
        assert!(length >= schema["minLength"].as_u64().unwrap_or(0));
        assert!(length <= schema["maxLength"].as_u64().unwrap_or(u64::MAX));
    }
}
