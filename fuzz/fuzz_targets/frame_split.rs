//! See [`netcomm_fuzz::frame_split`].
#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|data: &[u8]| netcomm_fuzz::frame_split(data));

#[cfg(not(fuzzing))]
fn main() {}
