//! The layout as Rust and as C declare it: compiled, and held against the region.

#![allow(dead_code, reason = "the state is filled through the dynamic view")]

use assert_cmd::Command as Program;
use shmstate::dynamic::DynState;
use shmstate::{ErrorKind, State};
use std::path::Path;
use std::process::Command;

// What `schema --rust` prints for this very state. With `SHMSTATE_BLESS=1` the test writes it anew.
include!("schema/types.rs");

const PRINTED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/schema/types.rs");

const FILLED: &str = r#"{
    "name": "nord", "visits": 12345678901, "type": 7, "door": {"Open": {"angle": 1.5, "by": [1, 2, 3]}},
    "colours": [[1, 2, 3], [4, 5, 6], [7, 8, 9], [10, 11, 12]], "grid": [[1, 2, 3], [4, 5, 6]],
    "rooms": [{"name": "kitchen", "seats": 4}, {"name": "hall", "seats": 9}]
}"#;

fn house(dir: &Path) -> State<House> {
    let path = dir.join("house");
    let house = State::<House>::create(&path).unwrap();
    let view = DynState::options().writable(true).open(&path).unwrap();
    let fields: serde_json::Map<String, serde_json::Value> = serde_json::from_str(FILLED).unwrap();
    for (path, value) in fields {
        view.from_json(&path, &value.to_string()).unwrap();
    }
    house
}

fn schema(dir: &Path, form: &str) -> String {
    let mut program = Program::cargo_bin("shmstate").unwrap();
    let output = program.args(["schema", form]).arg(dir.join("house")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn rust_declares_the_same_types() {
    let dir = tempfile::tempdir().unwrap();
    let _house = house(dir.path());
    let printed = schema(dir.path(), "--rust");
    if std::env::var_os("SHMSTATE_BLESS").is_some() {
        std::fs::write(PRINTED, &printed).unwrap();
    }
    assert_eq!(printed, std::fs::read_to_string(PRINTED).unwrap());
}

#[derive(SharedLayout)]
#[repr(C)]
struct Pair<T: SharedLayout> {
    one: T,
    other: T,
}

#[test]
fn rust_declares_a_generic_type_with_its_arguments() {
    let dir = tempfile::tempdir().unwrap();
    let _pairs = State::<[Pair<u32>; 4]>::create(dir.path().join("house")).unwrap();
    let printed = schema(dir.path(), "--rust");
    let expected = "use shmstate::SharedLayout;\n\n/// `Pair<u32>` in the program, where it is generic.\n#[derive(SharedLayout)]\n\
        #[repr(C)]\nstruct Pair_u32 {\n    one: u32,\n    other: u32,\n}\ntype State = [Pair_u32; 4];\n";
    assert_eq!(printed, expected);
}

#[derive(SharedLayout)]
#[repr(C)]
struct Keywords {
    r#type: u64,
    #[shared(rename = "self")]
    me: u64,
    #[shared(rename = "crate")]
    all: Choice,
}

#[derive(SharedLayout)]
#[repr(u64)]
#[shared(rename = "super")]
enum Choice {
    #[shared(rename = "Self")]
    Me = 0,
}

#[test]
fn rust_renames_what_no_identifier_can_be() {
    let dir = tempfile::tempdir().unwrap();
    let _state = State::<Keywords>::create(dir.path().join("house")).unwrap();
    let printed = schema(dir.path(), "--rust");
    let declared = [
        "    r#type: u64,\n    #[shared(rename = \"self\")]\n    _self: u64,\n    #[shared(rename = \"crate\")]\n    _crate: _super,\n",
        "#[shared(rename = \"super\")]\nenum _super {\n    #[shared(rename = \"Self\")]\n    _Self = 0,\n",
    ];
    declared.iter().for_each(|fields| assert!(printed.contains(fields), "{printed}"));
}

/// What `schema --rust` prints for a state whose types have names of the library, of the prelude and of Rust.
mod names {
    include!("schema/names.rs");

    const PRINTED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/schema/names.rs");

    #[test]
    fn rust_renames_types_that_have_a_name_of_something_else() {
        let dir = tempfile::tempdir().unwrap();
        let _state = shmstate::State::<_Result>::create(dir.path().join("house")).unwrap();
        let printed = super::schema(dir.path(), "--rust");
        if std::env::var_os("SHMSTATE_BLESS").is_some() {
            std::fs::write(PRINTED, &printed).unwrap();
        }
        assert_eq!(printed, std::fs::read_to_string(PRINTED).unwrap());
        let picture = super::schema(dir.path(), "--picture");
        assert!(picture.contains("\nMap: 16 bytes"), "{picture}");
    }

    #[test]
    fn rust_has_one_type_that_is_called_state() {
        let dir = tempfile::tempdir().unwrap();
        let _states = shmstate::State::<[State; 4]>::create(dir.path().join("house")).unwrap();
        let printed = super::schema(dir.path(), "--rust");
        assert!(printed.contains("struct _State {") && printed.contains("type State = [_State; 4];"), "{printed}");
    }
}

#[test]
fn c_reads_the_state() {
    let dir = tempfile::tempdir().unwrap();
    let house = house(dir.path());
    std::fs::write(dir.path().join("house.h"), schema(dir.path(), "--c")).unwrap();
    for (compiler, source) in [("cc", "reader.c"), ("c++", "reader.cc")] {
        let source = dir.path().join(source);
        std::fs::write(&source, include_str!("schema/reader.c")).unwrap();
        let reader = dir.path().join("reader");
        let mut compile = Command::new(compiler);
        compile.args(["-Wall", "-Wextra", "-Werror", "-O1", "-o"]).arg(&reader).arg(&source);
        match compile.status() {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                println!("{compiler}: skipped, it is not installed");
                continue;
            }
            status => assert!(status.unwrap().success(), "{compiler}"),
        }
        let read = |name: &str| {
            let output = Command::new(&reader).arg(dir.path().join(name)).output().unwrap();
            (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
        };
        let version = house.version().unwrap();
        let expected = format!(
            "version {version}\nnord 12345678901 7\ndoor 3: 1.5, 1 2 3\ncolour 4 5 6\ngrid 6\nkitchen 4\nhall 9\n"
        );
        assert_eq!(read("house"), (0, expected));

        let _other = State::<u64>::create(dir.path().join(compiler)).unwrap();
        assert_eq!(read(compiler), (1, "error -1\n".to_owned()), "another layout");
    }
    assert_eq!(State::<u64>::open(dir.path().join("house")).unwrap_err().kind(), ErrorKind::LayoutMismatch);
}

#[test]
fn a_picture_has_every_field() {
    let dir = tempfile::tempdir().unwrap();
    let _house = house(dir.path());
    let drawn = schema(dir.path(), "--picture");
    let expected = include_str!("schema/picture.txt");
    if std::env::var_os("SHMSTATE_BLESS").is_some() {
        std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/schema/picture.txt"), &drawn).unwrap();
    }
    assert_eq!(drawn, expected);
}
