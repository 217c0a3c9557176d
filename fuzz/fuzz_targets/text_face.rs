//! See [`netcomm_fuzz::text_face`].
#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|data: &[u8]| netcomm_fuzz::text_face(data));

#[cfg(not(fuzzing))]
fn main() {}
