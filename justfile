# What `just check` runs is what CI runs before the third-party ring.

check: fmt lint test deny tidy

fmt:
    cargo fmt --check

lint:
    cargo clippy --all-targets --locked -- -D warnings

test:
    cargo test --locked

deny:
    cargo deny check

tidy:
    cargo test --locked --test it tidy

tour:
    cargo run -- lab tour

bench:
    cargo bench --locked
