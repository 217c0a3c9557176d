//! All tests of core in one binary: they share what they are built from, and it is built once.

mod allocation;
mod bounds;
mod codec;
mod frames;
mod hostile;
mod limits;
mod model;
mod names;
mod python;
mod router;
mod runs;
mod session_answers;
mod session_ends;
mod session_gaps;
mod session_logins;
mod session_pages;
mod session_repair;
mod session_requests;
mod sessions;
mod simulation;
mod support;
mod text_face;
mod times;
mod vectors;
mod visibility;

/// A file that nobody names here would be a test that never runs.
#[test]
fn every_file_of_tests_is_a_module_of_this_one() {
    let tests = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    for entry in std::fs::read_dir(tests).expect("the directory of the tests") {
        let name = entry.expect("a file").file_name().into_string().expect("a plain name");
        if let Some(module) = name.strip_suffix(".rs").filter(|module| *module != "main") {
            let line = format!("\nmod {module};\n");
            assert!(include_str!("main.rs").contains(&line), "{name} is left out");
        }
    }
}
