# Everything that CI checks.
ci:
    .ci/run

# A server on 127.0.0.1:44444.
serve *arguments:
    cargo run --release -p netcomm-server -- {{arguments}}

# Looks for bytes that break a promise; needs nightly, a C++ compiler and cargo-fuzz.
fuzz target *arguments:
    cargo +nightly fuzz run {{target}} {{arguments}}

# The benches; arguments are criterion's.
bench *arguments:
    cargo bench -p netcomm-benches -- {{arguments}}
