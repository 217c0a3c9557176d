//! Replays the committed corpus, and beginnings of each of its files.

use std::fs;
use std::path::Path;
use std::thread;

/// The most beginnings of one file that are replayed.
const BEGINNINGS: usize = 8;

#[test]
fn no_file_of_the_corpus_breaks_a_promise() {
    thread::scope(|scope| {
        for (name, target) in netcomm_fuzz::TARGETS {
            scope.spawn(|| replay(name, *target));
        }
    });
}

fn replay(name: &str, target: fn(&[u8])) {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let mut replayed = 0;
    for file in fs::read_dir(corpus.join(name)).expect("a corpus of the target") {
        let data = fs::read(file.expect("a file").path()).expect("readable");
        // Of a short file each beginning, of a long one some.
        let step = data.len() / BEGINNINGS + 1;
        for end in (0..data.len()).step_by(step).chain([data.len()]) {
            target(&data[..end]);
        }
        replayed += 1;
    }
    assert!(replayed >= 3, "{name}: {replayed} files");
}
