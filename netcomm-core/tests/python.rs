//! A client in another language, written from PROTOCOL.md alone, reads and writes the vectors.

use std::path::Path;
use std::process::Command;

#[test]
fn a_client_in_python_agrees_with_the_vectors_where_python_is() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let client = Command::new("python3")
        .arg("-B")
        .arg(tests.join("python/minimal_client.py"))
        .arg("--vectors")
        .arg(tests.join("vectors/v1"))
        .output();
    let Ok(client) = client else {
        eprintln!("python3 is not here: the client in Python was NOT checked");
        return;
    };
    let (said, complaint) =
        (String::from_utf8_lossy(&client.stdout), String::from_utf8_lossy(&client.stderr));
    assert!(client.status.success(), "{complaint}");
    assert!(said.ends_with(" vectors\n"), "{said}");
}
