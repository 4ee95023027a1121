//! Walking a JSON schema: references, alternatives, and what the vendor refuses.

use serde_json::{Map, Value};

use super::error::ApiError;

/// How deep a schema or an answer may nest.
pub(crate) const DEEPEST: usize = 24;

/// Refuses a schema that the vendor refuses: every object must be closed.
pub(crate) fn check(schema: &Value) -> Result<(), ApiError> {
    check_at(schema, 0)
}

fn check_at(schema: &Value, depth: usize) -> Result<(), ApiError> {
    if depth > DEEPEST * 2 {
        let message = "output_config.format.schema: nested too deeply";
        return Err(ApiError::invalid(message));
    }
    match schema {
        Value::Object(fields) => {
            let open = fields.get("additionalProperties") != Some(&Value::Bool(false));
            if fields.get("type") == Some(&Value::from("object")) && open {
                let message = "output_config.format.schema: For 'object' type, \
                    'additionalProperties' must be explicitly set to false";
                return Err(ApiError::invalid(message));
            }
            fields
                .values()
                .try_for_each(|field| check_at(field, depth + 1))
        }
        Value::Array(items) => items.iter().try_for_each(|item| check_at(item, depth + 1)),
        _ => Ok(()),
    }
}

/// The schema that stands here, with references followed, alternatives chosen (the first that is
/// not null) and `allOf` merged. `None` when references go round in circles.
pub(crate) fn resolve(root: &Value, schema: &Value) -> Option<Map<String, Value>> {
    let mut fields = schema.as_object().cloned().unwrap_or_default();
    for _ in 0..DEEPEST {
        if let Some(Value::String(reference)) = fields.get("$ref") {
            let pointer = reference.strip_prefix('#')?;
            let target = root.pointer(pointer)?.as_object()?.clone();
            fields.remove("$ref");
            merge(&mut fields, target);
        } else if let Some(Value::Array(options)) =
            fields.remove("anyOf").or_else(|| fields.remove("oneOf"))
        {
            let not_null = |option: &&Value| option.get("type") != Some(&Value::from("null"));
            let chosen = options.iter().find(not_null).or(options.first());
            merge(&mut fields, chosen?.as_object()?.clone());
        } else if let Some(Value::Array(all)) = fields.remove("allOf") {
            for one in all {
                merge(&mut fields, one.as_object()?.clone());
            }
        } else {
            return Some(fields);
        }
    }
    None
}

/// Adds the fields of `other` that are not there; properties of both are kept.
fn merge(fields: &mut Map<String, Value>, other: Map<String, Value>) {
    for (key, value) in other {
        match (fields.get_mut(&key), value) {
            (Some(Value::Object(mine)), Value::Object(theirs)) if key == "properties" => {
                mine.extend(theirs);
            }
            (None, value) => {
                fields.insert(key, value);
            }
            _ => {}
        }
    }
}

/// The type to answer with: of several, the first that is not null.
pub(crate) fn kind_of(fields: &Map<String, Value>) -> &str {
    match fields.get("type") {
        Some(Value::String(kind)) => kind,
        Some(Value::Array(kinds)) => kinds
            .iter()
            .filter_map(Value::as_str)
            .find(|kind| *kind != "null")
            .unwrap_or("null"),
        _ if fields.contains_key("properties") => "object",
        _ if fields.contains_key("items") => "array",
        _ => "string",
    }
}
