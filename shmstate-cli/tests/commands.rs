//! The program itself, on real regions that this process has open.

use shmstate::{List, Map, SharedLayout, SortedMap, State, Text};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

#[path = "common/spawn.rs"]
mod spawn;

#[derive(SharedLayout)]
#[repr(C)]
struct Room {
    name: Text<16>,
    seats: u64,
}

/// What the processes share.
#[derive(SharedLayout)]
#[repr(C)]
struct House {
    /// How many visits there were.
    visits: u64,
    rooms: List<Room, 64>,
    ports: Map<Text<8>, u64, 4>,
    scores: SortedMap<u64, u64, 8>,
    samples: List<u64, 1000>,
}

/// A region in a directory of its own, which goes with it.
struct Fixture {
    dir: tempfile::TempDir,
    house: State<House>,
}

impl Fixture {
    fn new() -> Fixture {
        let dir = tempfile::tempdir().unwrap();
        let house = State::<House>::create(dir.path().join("house")).unwrap();
        house
            .transact(|s| {
                s.visits = 3;
                s.rooms.push(Room { name: "kitchen".parse()?, seats: 4 })?;
                s.ports.insert("http".parse()?, 80)?;
                s.scores.insert(7, 70)?;
                s.samples.extend(0..500);
                Ok(())
            })
            .unwrap();
        Fixture { dir, house }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Runs the program; returns its exit status, what it printed, and its errors.
    fn run(&self, args: &[&str]) -> (i32, String, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_shmstate"));
        let output = spawn::output(command.env("SHMSTATE_DIR", self.dir.path()).args(args));
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
    }

    /// What it prints when it succeeds.
    #[track_caller]
    fn prints(&self, args: &[&str]) -> String {
        let (status, out, err) = self.run(args);
        assert_eq!((status, err.as_str()), (0, ""), "{out}");
        out
    }

    /// Its error, and its exit status.
    #[track_caller]
    fn fails(&self, args: &[&str], status: i32) -> String {
        let (found, out, err) = self.run(args);
        assert_eq!((found, out.as_str()), (status, ""), "{err}");
        err
    }
}

#[test]
fn a_state_is_shown_as_a_tree_that_is_shortened() {
    let fixture = Fixture::new();
    let shown = fixture.prints(&["show", "house"]);
    for line in
        ["visits", "rooms", "[0]", "\"kitchen\"", "[\"http\"]", "[7]", "0, 1, 2, 3, 4, 5, 6, 7, 8, 9, … 490 more"]
    {
        assert!(shown.contains(line), "no {line} in\n{shown}");
    }
    assert!(!shown.contains('\u{1b}'), "colour only for a terminal:\n{shown}");
    assert!(fixture.prints(&["show", "house", "samples", "--all"]).contains("498, 499]"));
    assert_eq!(fixture.prints(&["get", "house", "rooms[0].name"]), "\"kitchen\"\n");
    let whole: serde_json::Value = serde_json::from_str(&fixture.prints(&["show", "house", "--json"])).unwrap();
    assert_eq!(whole["ports"]["http"], 80);
}

#[test]
fn a_change_is_one_update_that_the_program_of_the_type_sees() {
    let fixture = Fixture::new();
    fixture.prints(&["set", "house", "visits", "9"]);
    fixture.prints(&["set", "house", "rooms[0].name", "hall"]);
    fixture.prints(&["push", "house", "rooms", r#"{"name":"attic","seats":2}"#]);
    fixture.prints(&["insert", "house", "ports", "ssh", "22"]);
    fixture.prints(&["insert", "house", "scores", "8", "80"]);
    fixture.prints(&["remove", "house", "scores[7]"]);
    fixture.prints(&["clear", "house", "samples"]);
    let seen = |s: &House| {
        let rooms: Vec<_> = s.rooms.iter().map(|room| (room.name.to_string(), room.seats)).collect();
        (s.visits, rooms, s.ports["ssh"], s.scores.get(&7).copied(), s.scores[&8], s.samples.len())
    };
    let rooms = vec![("hall".to_owned(), 4), ("attic".to_owned(), 2)];
    assert_eq!(fixture.house.read(seen).unwrap(), (9, rooms, 22, None, 80, 0));
    assert_eq!(fixture.house.version().unwrap(), 8, "each was one version");
}

#[test]
fn keys_may_be_structs_and_enums() {
    #[derive(SharedLayout, Clone, PartialEq, Eq, Hash)]
    #[repr(C)]
    struct Seat {
        row: u32,
        number: u32,
    }
    #[derive(SharedLayout, Clone, PartialEq, Eq, PartialOrd, Ord)]
    #[repr(C, u64)]
    enum Job {
        Idle,
        Run(u64),
    }
    #[derive(SharedLayout)]
    #[repr(C)]
    struct Hall {
        seats: Map<Seat, Text<8>, 4>,
        jobs: SortedMap<Job, u64, 4>,
    }
    let fixture = Fixture::new();
    let hall = State::<Hall>::create(fixture.path("hall")).unwrap();
    fixture.prints(&["insert", "hall", "seats", r#"{"row":1,"number":2}"#, "anna"]);
    fixture.prints(&["insert", "hall", "seats", r#"{"row":1,"number":3}"#, "otto"]);
    fixture.prints(&["insert", "hall", "jobs", "Idle", "1"]);
    fixture.prints(&["insert", "hall", "jobs", r#"{"Run":7}"#, "2"]);
    fixture.prints(&["set", "hall", r#"jobs[{"Run":7}]"#, "3"]);
    let key = r#"seats[{"row":1,"number":2}]"#;
    assert_eq!(fixture.prints(&["get", "hall", key]), "\"anna\"\n");
    assert!(fixture.prints(&["remove", "hall", key, "--dry-run"]).starts_with('-'));
    fixture.prints(&["remove", "hall", key]);
    hall.read(|h| {
        assert_eq!(h.seats[&Seat { row: 1, number: 3 }], "otto");
        assert_eq!((h.seats.len(), h.jobs[&Job::Idle], h.jobs[&Job::Run(7)]), (1, 1, 3));
    })
    .unwrap();
    let jobs = fixture.prints(&["get", "hall", "jobs"]);
    assert_eq!(jobs, "[[\"Idle\",1],[{\"Run\":7},3]]\n");
    fixture.prints(&["set", "hall", "jobs", jobs.trim_end()]);
    assert!(fixture.fails(&["get", "hall", "seats[7]"], 6).contains("no key of type `Seat`"));
}

#[test]
fn a_dry_run_shows_the_difference_and_changes_nothing() {
    let fixture = Fixture::new();
    let shown = fixture.prints(&["set", "house", "visits", "10", "--dry-run"]);
    assert_eq!(shown, "- visits: 3\n+ visits: 10\n");
    assert_eq!((fixture.house.read(|s| s.visits).unwrap(), fixture.house.version().unwrap()), (3, 1));
}

#[test]
fn what_does_not_fit_is_an_error_and_nothing_happens() {
    let fixture = Fixture::new();
    let error = fixture.fails(&["set", "house", "rooms[0].name", "a name that is too long"], 6);
    assert!(error.contains("`rooms[0].name`") && error.contains("Text<16>"), "{error}");
    let error = fixture.fails(&["set", "house", "visits", "-1"], 6);
    assert!(error.contains("`visits`"), "{error}");
    let error = fixture.fails(&["get", "house", "cellar"], 6);
    assert!(error.contains("`cellar`") && error.contains("rooms"), "{error}");
    assert!(fixture.fails(&["get", "elsewhere"], 3).contains("elsewhere"));
    assert_eq!(fixture.house.version().unwrap(), 1);
    std::fs::write(fixture.path("text"), "no region").unwrap();
    fixture.fails(&["show", "text"], 4);
}

#[test]
fn regions_are_listed_with_what_is_wrong_about_a_file() {
    let fixture = Fixture::new();
    std::fs::write(fixture.path("text"), "no region").unwrap();
    let rows: serde_json::Value = serde_json::from_str(&fixture.prints(&["ls", "--json", "--rate-ms", "1"])).unwrap();
    assert_eq!(
        (&rows[0]["name"], &rows[0]["type"], &rows[0]["version"]),
        (&"house".into(), &"House".into(), &1.into())
    );
    assert_eq!(rows[1]["name"], "text");
    assert!(rows[1]["error"].is_string(), "{rows}");
    let table = fixture.prints(&["ls", "--rate-ms", "1"]);
    assert!(table.lines().any(|line| line.contains("house") && line.contains("House")), "{table}");
    // This process has one of them open, and another one no more.
    drop(State::<u64>::create(fixture.path("left")).unwrap());
    let rows: serde_json::Value = serde_json::from_str(&fixture.prints(&["ls", "--json", "--rate-ms", "1"])).unwrap();
    assert_eq!((&rows[0]["orphaned"], &rows[1]["orphaned"]), (&false.into(), &true.into()), "{rows}");
    let table = fixture.prints(&["ls", "--rate-ms", "1"]);
    assert!(table.lines().any(|line| line.starts_with(" left ") && line.ends_with("orphaned")), "{table}");
}

#[test]
fn a_layout_is_a_table_with_its_documentation() {
    let fixture = Fixture::new();
    let table = fixture.prints(&["schema", "house"]);
    for part in [
        "struct House",
        "What the processes share.",
        "How many visits there were.",
        "List<Room, 64>",
        "struct Room",
        "Text<16>",
    ] {
        assert!(table.contains(part), "no {part} in\n{table}");
    }
    let document: serde_json::Value = serde_json::from_str(&fixture.prints(&["schema", "house", "--json"])).unwrap();
    assert_eq!(document["shmstate"], 1);
}

#[test]
fn an_exported_state_comes_back_in_a_new_region() {
    let fixture = Fixture::new();
    let file = fixture.path("house.json");
    let file = file.to_str().unwrap();
    fixture.prints(&["export", "house", file]);
    assert_eq!(fixture.run(&["diff", "house", file]).0, 0);
    // Whatever its name is.
    let plain = fixture.path("house.export").display().to_string();
    std::fs::copy(file, &plain).unwrap();
    assert_eq!(fixture.run(&["diff", "house", &plain]), (0, String::new(), String::new()));
    fixture.prints(&["import", file, "second"]);
    assert_eq!(fixture.run(&["diff", "house", "second"]), (0, String::new(), String::new()));
    let second = State::<House>::open(fixture.path("second")).unwrap();
    assert_eq!(second.read(|s| (s.visits, s.ports["http"], s.samples.len())).unwrap(), (3, 80, 500));
    fixture.house.update(|s| s.visits += 1).unwrap();
    let (status, out, _) = fixture.run(&["diff", "second", "house"]);
    assert_eq!((status, out.as_str()), (1, "- visits: 3\n+ visits: 4\n"));
    let error = fixture.fails(&["import", file, "house"], 7);
    assert!(error.contains("house"), "{error}");
    let error = fixture.fails(&["rm", "second"], 5);
    assert!(error.contains(&std::process::id().to_string()), "{error}");
    drop(second);
    fixture.prints(&["rm", "second"]);
    assert!(!fixture.path("second").exists());
    fixture.prints(&["rm", "house", "--force"]);
    assert_eq!(fixture.house.read(|s| s.visits).unwrap(), 4, "processes that have it mapped keep working");
}

#[test]
fn counters_and_handles_are_shown() {
    let fixture = Fixture::new();
    let stat: serde_json::Value = serde_json::from_str(&fixture.prints(&["stat", "house", "--json"])).unwrap();
    assert_eq!((&stat["counters"]["commits"], &stat["handles"][0]["pid"]), (&1.into(), &std::process::id().into()));
    assert_eq!(stat["handles"][0]["alive"], true);
    assert!(fixture.prints(&["stat", "house"]).contains("commits"));
    let metrics = fixture.prints(&["stat", "house", "--prometheus"]);
    assert!(
        metrics.contains("# TYPE shmstate_commits_total counter\nshmstate_commits_total{region=\"house\"} 1\n"),
        "{metrics}"
    );
    assert!(fixture.prints(&["doctor", "house"]).starts_with("nothing odd"));
    let verdict = fixture.house.read(|_| {
        std::thread::scope(|scope| scope.spawn(|| fixture.prints(&["stat", "house", "--json"])).join().unwrap())
    });
    let stat: serde_json::Value = serde_json::from_str(&verdict.unwrap()).unwrap();
    assert_eq!(stat["handles"][0]["pinned"].as_array().unwrap().len(), 1, "a reader keeps one copy: {stat}");
}

#[test]
fn orphans_go() {
    let fixture = Fixture::new();
    drop(State::<u64>::create(fixture.path("orphan")).unwrap());
    std::fs::write(fixture.path("notes.txt"), "no region").unwrap();
    let orphan = fixture.path("orphan");
    let line = format!("would remove {}\n", orphan.display());
    assert_eq!(fixture.prints(&["rm", "--orphans", "--dry-run"]), line);
    assert!(orphan.exists());
    assert_eq!(fixture.prints(&["rm", "--orphans"]), line.replace("would remove", "removed"));
    assert!(!orphan.exists() && fixture.path("house").exists() && fixture.path("notes.txt").exists());
    assert_eq!(fixture.run(&["rm"]).0, 2, "nothing is named");
    assert_eq!(fixture.run(&["rm", "house", "--orphans"]).0, 2, "one or the other");
}

#[derive(SharedLayout, PartialEq, Eq, Hash)]
#[repr(C)]
struct Seat {
    row: u32,
    column: u32,
}

#[derive(SharedLayout)]
#[repr(C)]
struct Cinema {
    class: u64,
    price: f64,
    sold: Map<Seat, u64, 4>,
}

#[test]
fn keys_that_are_no_texts_are_shown() {
    let fixture = Fixture::new();
    let cinema = State::<Cinema>::create(fixture.path("cinema")).unwrap();
    cinema.transact(|s| Ok(s.sold.insert(Seat { row: 1, column: 2 }, 7).map(drop)?)).unwrap();
    let pairs = "[[{\"row\":1,\"column\":2},7]]\n";
    assert_eq!(fixture.prints(&["get", "cinema", "sold"]), pairs);
    assert_eq!(fixture.prints(&["set", "cinema", "class", "1", "--dry-run"]), "- class: 0\n+ class: 1\n");
    // What JSON cannot hold is not written. What the file had is kept.
    let file = fixture.path("backup.json");
    cinema.update(|s| s.price = f64::NAN).unwrap();
    std::fs::write(&file, "the old one").unwrap();
    assert!(fixture.run(&["export", "cinema", &file.display().to_string()]).0 > 1);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "the old one");
    assert_eq!(std::fs::read_dir(fixture.dir.path()).unwrap().count(), 3, "the two regions and the file");
}

#[test]
fn what_json_says_twice_or_out_of_range_is_refused() {
    let fixture = Fixture::new();
    let twice = "{\"name\":\"a\",\"seats\":1,\"seats\":2}";
    let _rooms = State::<Map<Text<8>, Room, 4>>::create(fixture.path("rooms")).unwrap();
    let calls = [&["set", "house", "rooms[0]"][..], &["push", "house", "rooms"], &["insert", "rooms", "", "hall"]];
    for call in calls.map(|call| [call, &[twice]].concat()) {
        assert!(fixture.fails(&call, 6).contains("the field `seats` of `Room` is given twice"));
    }
    assert!(fixture.fails(&["push", "house", "samples", "1e999"], 6).contains("out of the range"));
    let (large, range) = ("18446744073709551616", "is out of the range of `u64`: 0 to 18446744073709551615\n");
    for [verb, path, number] in [["set", "visits", large], ["set", "visits", "-1"], ["push", "samples", large]] {
        let error = fixture.fails(&[verb, "house", path, "--", number], 6);
        assert!(error.contains(&format!("{number} {range}")), "{error}");
    }
}

/// The house of the next release.
#[derive(SharedLayout)]
#[repr(C)]
struct Next {
    visits: u64,
    rooms: List<Room, 80>,
    ports: Map<Text<16>, u64, 8>,
    samples: List<u64, 400>,
    added: u64,
}

#[test]
fn layouts_are_compared() {
    let fixture = Fixture::new();
    let _next = State::<Next>::create(fixture.path("next")).unwrap();
    let (status, out, _) = fixture.run(&["diff", "house", "next"]);
    assert_eq!(status, 1);
    let layout = "layout:\n- rooms: List<Room, 64>\n- ports: Map<Text<8>, u64, 4>\n- scores: SortedMap<u64, u64, 8>\n\
        - samples: List<u64, 1000>\n+ rooms: List<Room, 80>\n+ ports: Map<Text<16>, u64, 8>\n+ samples: List<u64, 400>\n\
        + added: u64\nvalues:\n- visits: 3\n+ visits: 0\n";
    assert!(out.starts_with(layout), "{out}");
    // An exported file carries its layout.
    let file = fixture.path("house.json").display().to_string();
    fixture.prints(&["export", "house", &file]);
    assert_eq!(fixture.run(&["diff", "house", &file]), (0, String::new(), String::new()));
    // It is replaced as a whole, and lets no more processes read it than before.
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    let link = fixture.path("link.json").display().to_string();
    std::os::unix::fs::symlink(&file, &link).unwrap();
    fixture.prints(&["export", "house", &link]);
    assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fixture.run(&["diff", "house", &file]).0, 0);
    assert!(fixture.run(&["diff", &file, "next"]).1.starts_with(layout));
}

#[test]
fn a_state_moves_to_another_layout() {
    let fixture = Fixture::new();
    let _next = State::<Next>::create(fixture.path("next")).unwrap();
    let table = "  scores      SortedMap<u64, u64, 8>  -                      lost: no such field\n";
    let (status, out, err) = fixture.run(&["migrate", "house", "next", "--dry-run"]);
    assert_eq!(status, 4, "{err}");
    assert!(out.contains(table) && err.contains("\n  scores: ") && err.contains("--allow-loss"), "{out}{err}");
    let dry = ["migrate", "house", "next", "--dry-run", "--allow-loss", "scores"];
    let (status, out, err) = fixture.run(&dry);
    assert_eq!(status, 4, "{err}");
    assert!(out.contains(table), "{out}");
    assert!(err.contains("\n  samples: 500 items, and the program has room for 400\n"), "{err}");
    let real = ["migrate", "house", "next", "--allow-loss", "scores", "--allow-loss", "samples"];
    assert!(fixture.prints(&[&real[..], &["--dry-run"]].concat()).ends_with("nothing would be lost that may not be\n"));
    fixture.house.update(|s| s.visits += 1).unwrap();
    // The layout as a file.
    std::fs::write(fixture.path("next.layout"), fixture.prints(&["schema", "next", "--json"])).unwrap();
    let file = fixture.path("next.layout").display().to_string();
    let real = real.map(|argument| if argument == "next" { file.as_str() } else { argument });
    assert!(fixture.prints(&real).contains("has the new layout, as version 3"));
    let next = State::<Next>::open(fixture.path("house")).unwrap();
    let held = next.read(|s| (s.visits, s.rooms[0].seats, s.ports["http"], s.samples.len(), s.added)).unwrap();
    assert_eq!(held, (4, 4, 80, 400, 0));
    assert_eq!(fixture.house.read(|_| ()).unwrap_err().kind(), shmstate::ErrorKind::Retired);
    assert!(fixture.prints(&["migrate", "house", &file]).ends_with("has this layout already\n"));
    assert!(fixture.fails(&["migrate", "nothing", "next"], 3).contains("there is no region"));
}

#[test]
fn a_retired_region_is_shown_as_such() {
    let fixture = Fixture::new();
    std::fs::hard_link(fixture.path("house"), fixture.path("old")).unwrap();
    State::<House>::open(fixture.path("house")).unwrap().recreate(State::options()).unwrap();
    let rows: serde_json::Value = serde_json::from_str(&fixture.prints(&["ls", "--json", "--rate-ms", "1"])).unwrap();
    assert_eq!((&rows[0]["name"], &rows[0]["retired"]), (&"house".into(), &false.into()));
    assert_eq!((&rows[1]["name"], &rows[1]["retired"]), (&"old".into(), &true.into()));
    let (status, out, _) = fixture.run(&["doctor", "old"]);
    assert_eq!(status, 1, "{out}");
    assert!(out.starts_with("the region is retired") && out.contains("remove this name"), "{out}");
    assert_eq!(fixture.run(&["get", "old", "visits"]).0, 4);
}

#[test]
fn damage_is_found() {
    let fixture = Fixture::new();
    assert!(fixture.prints(&["verify", "house"]).starts_with("sound"));
    let mut bytes = std::fs::read(fixture.path("house")).unwrap();
    let at = bytes.windows(7).rposition(|window| window == b"kitchen").unwrap();
    for copy in 0..=at {
        if bytes[copy..].starts_with(b"kitchen") {
            bytes[copy] = 0xff; // no UTF-8
        }
    }
    std::fs::write(fixture.path("damaged"), bytes).unwrap();
    std::fs::set_permissions(fixture.path("damaged"), std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    for command in ["verify", "doctor"] {
        let (status, out, _) = fixture.run(&[command, "damaged"]);
        assert_eq!(status, 1, "{out}");
        assert!(out.contains("damaged"), "{out}");
    }
}

/// Ends a loop that goes on while the flag is set.
struct Stop<'a>(&'a std::sync::atomic::AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(false, std::sync::atomic::Ordering::Relaxed);
    }
}

#[test]
fn versions_are_watched() {
    let fixture = Fixture::new();
    let writing = std::sync::atomic::AtomicBool::new(true);
    let lines = std::thread::scope(|scope| {
        scope.spawn(|| {
            while writing.load(std::sync::atomic::Ordering::Relaxed) {
                fixture.house.update(|s| s.visits += 1).unwrap();
            }
        });
        // Also when a check fails: the scope waits for the thread.
        let _stop = Stop(&writing);
        let lines = fixture.prints(&["watch", "house", "visits", "--json", "--count", "3", "--interval-ms", "1"]);
        // The whole state as well, of which no two looks in a row see the same version.
        let shown = fixture.prints(&["watch", "house", "--count", "3", "--interval-ms", "1"]);
        assert_eq!(shown.matches("version ").count(), 3, "{shown}");
        lines
    });
    let seen: Vec<serde_json::Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(seen.len(), 3);
    // The first version set three visits, and each later one made one more.
    assert!(
        seen.iter().all(|line| line["value"].as_u64().unwrap() == line["version"].as_u64().unwrap() + 2),
        "{seen:?}"
    );
    assert!(fixture.prints(&["watch", "house", "visits", "--count", "1"]).starts_with("version "));
}

#[test]
fn several_parts_are_watched() {
    let fixture = Fixture::new();
    let watch = |more: &[&str]| {
        fixture.prints(&[&["watch", "house", "--count", "1", "visits", "rooms[0].name"], more].concat())
    };
    assert_eq!(watch(&[]), "version 1\n  visits: 3\n  rooms[0].name: \"kitchen\"\n");
    assert_eq!(watch(&["--json"]), "{\"version\":1,\"values\":{\"visits\":3,\"rooms[0].name\":\"kitchen\"}}\n");
    assert!(fixture.fails(&["watch", "house", "visits", "rooms[9].name"], 6).contains("`rooms[9].name`"));
}

#[test]
fn the_program_documents_itself() {
    let fixture = Fixture::new();
    assert!(fixture.prints(&["--help"]).contains("Exit status"));
    assert!(fixture.prints(&["completions", "bash"]).contains("shmstate"));
    assert!(fixture.prints(&["man"]).contains(".TH shmstate"));
    assert_eq!(fixture.run(&["show"]).0, 2, "a wrong command line");
    let verbs = fixture.prints(&["--help"]);
    let verbs = verbs.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let verbs: Vec<&str> = verbs.filter_map(|line| line.strip_prefix("  ")?.split(' ').next()).collect();
    assert!(verbs.len() > 20 && verbs.contains(&"resize"), "{verbs:?}");
    for verb in verbs.into_iter().filter(|verb| !verb.is_empty() && *verb != "help") {
        let help = fixture.prints(&[verb, "--help"]);
        assert!(
            help.contains("Example") && help.contains(&format!("  shmstate {verb}")),
            "{verb} has no example: {help}"
        );
    }
}
