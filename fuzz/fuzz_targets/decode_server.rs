//! See [`netcomm_fuzz::decode_server`].
#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|data: &[u8]| netcomm_fuzz::decode_server(data));

#[cfg(not(fuzzing))]
fn main() {}
