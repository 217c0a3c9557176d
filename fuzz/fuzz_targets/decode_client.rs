//! See [`netcomm_fuzz::decode_client`].
#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|data: &[u8]| netcomm_fuzz::decode_client(data));

#[cfg(not(fuzzing))]
fn main() {}
