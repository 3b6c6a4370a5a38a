//! What must not compile, and what must: one rule a file, and the message of each error word for word.
//!
//! `TRYBUILD=overwrite cargo test -p shmstate-tests --test ui` writes the messages anew; read them before you commit them.

#[test]
fn ui() {
    let cases = trybuild::TestCases::new();
    cases.pass("ui/pass/*.rs");
    cases.compile_fail("ui/fail/*.rs");
}
