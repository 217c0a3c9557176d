//! The line mode.
mod colour;
pub mod page;
pub mod talk;
pub mod typed;
pub mod words;
