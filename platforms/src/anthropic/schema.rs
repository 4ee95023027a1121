//! The JSON schema of a Rust type, in the part of JSON schema that structured output takes:
//! closed objects, nothing by reference, no bounds and no formats.
//!
//! What has to go is told to the model in the description instead, as the vendor's own libraries
//! do. Source: <https://platform.claude.com/docs/en/build-with-claude/structured-outputs>.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value};

/// Bounds that are worth telling in words.
const BOUNDS: [&str; 9] = [
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
];
/// Words about the schema, and about the Rust side of it.
const NOISE: [&str; 6] = [
    "$schema",
    "title",
    "format",
    "default",
    "examples",
    "uniqueItems",
];
/// Keywords whose value is a map from names, which are not keywords, to schemas.
const NAMED: [&str; 2] = ["properties", "$defs"];

/// The schema of `T` for `output_config.format`.
pub(super) fn strict<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
    });
    let mut schema = settings
        .into_generator()
        .into_root_schema_for::<T>()
        .to_value();
    tighten(&mut schema);
    schema
}

fn tighten(schema: &mut Value) {
    match schema {
        Value::Array(schemas) => schemas.iter_mut().for_each(tighten),
        Value::Object(schema) => tighten_object(schema),
        _ => {}
    }
}

fn tighten_object(schema: &mut Map<String, Value>) {
    for keyword in NOISE {
        schema.remove(keyword);
    }
    describe_bounds(schema);
    // One of several cannot be expressed; the variants of an enum exclude each other anyway.
    if let Some(variants) = schema.remove("oneOf") {
        schema.insert("anyOf".to_owned(), variants);
    }
    let is_object = schema.get("type").is_some_and(|kind| match kind {
        Value::Array(kinds) => kinds.iter().any(|kind| kind == "object"),
        kind => kind == "object",
    });
    if is_object {
        schema.insert("additionalProperties".to_owned(), Value::Bool(false));
    }
    for (keyword, value) in schema.iter_mut() {
        match value {
            Value::Object(named) if NAMED.contains(&keyword.as_str()) => {
                named.values_mut().for_each(tighten);
            }
            value => tighten(value),
        }
    }
}

fn describe_bounds(schema: &mut Map<String, Value>) {
    let bounds: Vec<String> = BOUNDS
        .into_iter()
        .filter_map(|keyword| Some(format!("{keyword}: {}", schema.remove(keyword)?)))
        .collect();
    if bounds.is_empty() {
        return;
    }
    let said = schema.get("description").and_then(Value::as_str);
    let description = [
        said.unwrap_or_default(),
        &format!("({})", bounds.join(", ")),
    ]
    .join(" ")
    .trim()
    .to_owned();
    schema.insert("description".to_owned(), Value::String(description));
}

#[cfg(test)]
mod tests {
    use schemars::JsonSchema;

    #[derive(JsonSchema)]
    #[expect(dead_code, reason = "only its schema is looked at")]
    struct Verdict {
        /// How well the hook works.
        #[schemars(range(min = 0, max = 100))]
        hook: u8,
        /// Named like a keyword, and kept.
        format: Kind,
        frames: Vec<Frame>,
        note: Option<String>,
    }

    #[derive(JsonSchema)]
    #[expect(dead_code, reason = "only its schema is looked at")]
    struct Frame {
        score: f64,
    }

    #[derive(JsonSchema)]
    #[serde(rename_all = "snake_case")]
    #[expect(dead_code, reason = "only its schema is looked at")]
    enum Kind {
        /// Tall.
        Portrait,
        /// Wide.
        Landscape,
    }

    #[test]
    fn a_schema_is_closed_inline_and_free_of_bounds_and_formats() {
        insta::with_settings!({ sort_maps => true }, {
            insta::assert_json_snapshot!(super::strict::<Verdict>(), @r#"
            {
              "additionalProperties": false,
              "properties": {
                "format": {
                  "anyOf": [
                    {
                      "const": "portrait",
                      "description": "Tall.",
                      "type": "string"
                    },
                    {
                      "const": "landscape",
                      "description": "Wide.",
                      "type": "string"
                    }
                  ],
                  "description": "Named like a keyword, and kept."
                },
                "frames": {
                  "items": {
                    "additionalProperties": false,
                    "properties": {
                      "score": {
                        "type": "number"
                      }
                    },
                    "required": [
                      "score"
                    ],
                    "type": "object"
                  },
                  "type": "array"
                },
                "hook": {
                  "description": "How well the hook works. (minimum: 0, maximum: 100)",
                  "type": "integer"
                },
                "note": {
                  "type": [
                    "string",
                    "null"
                  ]
                }
              },
              "required": [
                "hook",
                "format",
                "frames"
              ],
              "type": "object"
            }
            "#);
        });
    }
}
