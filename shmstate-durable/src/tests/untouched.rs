//! A medium that is only read.

use super::medium::Medium;
use super::rng::Rng;
use crate::untouched::Untouched;
use redb::StorageBackend;

#[test]
fn reads_what_was_written_and_writes_nothing() {
    let mut rng = Rng::new(7);
    let before: Vec<u8> = (0..20_000).map(|n| (n % 251) as u8 + 1).collect();
    for _ in 0..40 {
        let (medium, mut model) = (Medium::of(before.clone()), before.clone());
        let untouched = Untouched::new(medium.clone()).unwrap();
        for step in 0..60 {
            match rng.below(4) {
                0 => {
                    let len = rng.below(30_000);
                    untouched.set_len(len as u64).unwrap();
                    model.resize(len, 0);
                }
                _ if model.is_empty() => {}
                1 => {
                    let at = rng.below(model.len());
                    let bytes = vec![step; rng.below(model.len() - at + 1)];
                    untouched.write(at as u64, &bytes).unwrap();
                    model[at..at + bytes.len()].copy_from_slice(&bytes);
                }
                _ => {
                    let at = rng.below(model.len());
                    let len = rng.below(model.len() - at + 1);
                    assert_eq!(untouched.read(at as u64, len).unwrap(), model[at..at + len]);
                }
            }
            assert_eq!(untouched.len().unwrap(), model.len() as u64);
        }
        assert!(untouched.read(0, model.len() + 1).is_err(), "past the end");
        assert_eq!(medium.bytes(), before);
    }
}
