# Everything that CI checks.
ci:
    .ci/run

# A server on 127.0.0.1:44444.
serve *arguments:
    cargo run --release -p netcomm-server -- {{arguments}}

# Looks for bytes that break a promise; needs nightly, a C++ compiler and cargo-fuzz.
fuzz target *arguments:
    cargo +nightly fuzz run -s none {{target}} -- -max_len=2048 -rss_limit_mb=2048 -timeout=10 -dict=fuzz/dictionaries/netcomm.dict {{arguments}}

# The benches; arguments are criterion's.
bench *arguments:
    cargo bench -p netcomm-benches -- {{arguments}}
