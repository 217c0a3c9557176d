//! See [`netcomm_fuzz::preface`].
#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|data: &[u8]| netcomm_fuzz::preface(data));

#[cfg(not(fuzzing))]
fn main() {}
