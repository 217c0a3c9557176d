//! See [`netcomm_fuzz::connection`].
#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|data: &[u8]| netcomm_fuzz::connection(data));

#[cfg(not(fuzzing))]
fn main() {}
