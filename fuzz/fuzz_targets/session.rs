//! See [`netcomm_fuzz::session`].
#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|data: &[u8]| netcomm_fuzz::session(data));

#[cfg(not(fuzzing))]
fn main() {}
