//! See [`netcomm_fuzz::router`].
#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|data: &[u8]| netcomm_fuzz::router(data));

#[cfg(not(fuzzing))]
fn main() {}
