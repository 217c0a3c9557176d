//! Has a panic handler of its own, which clashes with the standard library's (E0152) as soon as
//! anything that `netcomm-core` depends on links that.
#![no_std]

extern crate netcomm_core;

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}
