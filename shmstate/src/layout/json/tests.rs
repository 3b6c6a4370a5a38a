//! The document as another reader of JSON sees it, and what is refused.

use crate::layout::Schema;
use crate::{List, SharedLayout, Text};
use serde_json::{Value, json};

/// A "board" of C:\new.
#[derive(SharedLayout)]
#[repr(C)]
#[shared(crate = "crate", version = 2)]
struct Board<T, const N: i64> {
    /// How often,
    /// größer.
    ticks: u64,
    items: List<Event, 4>,
    extra: [T; 2],
}

#[derive(SharedLayout)]
#[repr(C, u64)]
#[shared(crate = "crate")]
enum Event {
    Idle,
    /// A message.
    Say {
        /// Which.
        text: Text<8>,
    },
}

#[test]
fn what_was_written_is_read() {
    let schema = Schema::of(Board::<u32, -5>::LAYOUT);
    let read = Schema::from_json(&schema.pretty()).unwrap();
    assert_eq!(read, schema);
    assert!(read.is_same(&schema));
    assert_eq!(Schema::from_document(schema.document().as_bytes()).unwrap(), schema);
    assert_eq!(
        Schema::from_document(schema.pretty().as_bytes()).unwrap_err(),
        "it is not in its canonical form",
        "a region has one form only"
    );
}

/// A library that knows nothing of schemas reads the same from both forms, and the text that it writes is the canonical
/// one, except for the order of the members.
#[test]
fn it_is_json() {
    let schema = Schema::of(Board::<u32, -5>::LAYOUT);
    let document: Value = serde_json::from_str(&schema.document()).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&schema.pretty()).unwrap(), document);
    let mut identity: Value = serde_json::from_str(&schema.identity()).unwrap();
    assert_eq!(identity["types"], document["types"]);
    identity["docs"] = document["docs"].clone();
    assert_eq!(identity, document);
    assert_eq!(document.to_string().len(), schema.document().len(), "no white space, no other escapes");
    let types = document["types"].as_array().unwrap();
    let root = types.last().unwrap();
    assert_eq!((&root["name"], &root["version"], &root["kind"]), (&json!("Board"), &json!(2), &json!("struct")));
    assert_eq!(root["arguments"][1], json!({"const": "-5"}));
    assert_eq!(root["fields"][0], json!({"name": "ticks", "offset": 0, "type": 0}));
    let event = types.iter().find(|ty| ty["name"] == "Event").unwrap();
    assert_eq!((&event["kind"], &event["repr"]), (&json!("enum"), &json!("u64")));
    let text = types.iter().position(|ty| ty["kind"] == "text").unwrap();
    assert_eq!(event["variants"][1]["fields"][0], json!({"name": "text", "offset": 8, "type": text}));
    let docs = document["docs"].as_array().unwrap();
    assert!(docs.iter().any(|doc| doc["text"] == "A \"board\" of C:\\new."), "{docs:?}");
    assert!(docs.iter().any(|doc| doc["part"] == "ticks" && doc["text"] == "How often,\ngrößer."), "{docs:?}");
    assert!(docs.iter().any(|doc| doc["part"] == "Say.text" && doc["text"] == "Which."), "{docs:?}");
    assert_eq!(docs.len(), 4);
}

#[test]
fn anything_else_is_refused() {
    let text = Schema::of(Board::<u32, 5>::LAYOUT).document();
    let refused = |from: &str, to: &str| {
        assert!(text.contains(from), "{from} in {text}");
        Schema::from_document(text.replacen(from, to, 1).as_bytes()).unwrap_err()
    };
    assert_eq!(Schema::from_json("").unwrap_err(), "it does not have `{` at byte 0");
    assert_eq!(Schema::from_document(b"{\"\xff").unwrap_err(), "it is no UTF-8");
    assert_eq!(refused("\"shmstate\":1", "\"shmstate\":2"), "it has form 2, and this version of shmstate reads form 1");
    assert_eq!(refused("\"align\"", "\"line\""), "it does not have `\"align\"` at byte 46");
    assert!(refused("\"align\":8", "\"align\":3").contains("alignment 3"));
    let canonical = "it is not in its canonical form";
    assert_eq!(refused("\"size\":8", "\"size\":08"), canonical);
    assert_eq!(refused("\"size\":8", "\"size\": 8"), canonical);
    assert_eq!(refused("\"const\":\"5\"", "\"const\":\"+5\""), canonical);
    let number = "it does not have a number that is not too large at byte 44";
    for number_of_8 in ["8e0", "8.0"] {
        let why = refused("\"size\":8", &format!("\"size\":{number_of_8}"));
        assert_eq!(why, "it does not have `,` at byte 45");
    }
    for no_number in ["-8", "\"8\"", "null", "18446744073709551616", ""] {
        assert_eq!(refused("\"size\":8", &format!("\"size\":{no_number}")), number);
    }
    // A member twice, one too many, one too few, and in another order.
    assert!(refused("\"size\":8,", "\"size\":8,\"size\":8,").starts_with("it does not have `\"align\"`"));
    assert!(refused("\"kind\":\"scalar\",", "\"kind\":\"scalar\",\"more\":1,").starts_with("it does not have"));
    assert!(refused("\"version\":0,", "").starts_with("it does not have `\"version\"`"));
    assert!(refused("\"kind\":\"list\"", "\"kind\":\"heap\"").contains("a kind before it"));
    assert!(refused("\"scalar\":\"u64\"", "\"scalar\":\"u65\"").contains("a scalar type before it"));
    assert!(refused("\"const\":\"5\"", "\"const\":\"x\"").contains("a number before it"));
    assert!(refused("\"text\":\"", "\"text\":\"\\u0041").contains("an escape that a schema has"));
    assert!(refused("\"shmstate\"", "\"shmstate").starts_with("it does not have"));
    let more = format!("{text}x");
    assert!(Schema::from_json(&more).unwrap_err().starts_with("it does not have the end"));
    for cut in 0..text.len() {
        assert!(text.is_char_boundary(cut) && Schema::from_json(&text[..cut]).is_err() || !text.is_char_boundary(cut));
    }
    let deep = format!("{{\"shmstate\":1,\"types\":{}", "[".repeat(1 << 20));
    assert!(Schema::from_json(&deep).is_err(), "nothing is nested, so that nothing overflows");
}

#[test]
fn documentation_that_does_not_fit_is_left_out() {
    let mut schema = Schema::of(u64::LAYOUT);
    let text = "x".repeat(super::LONGEST);
    schema.docs.push(crate::layout::schema::Doc { ty: 0, part: String::new(), text });
    let document = schema.document();
    assert!(document.len() < 1000);
    assert_eq!(Schema::from_document(document.as_bytes()).unwrap().types, schema.types);
}
