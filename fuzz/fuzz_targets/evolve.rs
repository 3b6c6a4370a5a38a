#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| shmstate_tests::hostile::evolve(bytes));
