# What one does here; `just` alone lists it. CI calls `just ci`.

_list:
    @just --list --unsorted

# Build the command with everything it is shipped with
build:
    cargo build --release

# Judge the built-in mocks with the reference client
check *arguments:
    cargo run --release -- check {{arguments}}

# Run the mocks for hand work
serve *arguments:
    cargo run --release -- serve {{arguments}}

# Everything that needs only Rust
test:
    cargo test --workspace

# Formatting, lints and docs, warnings denied
lint:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets -- -D warnings
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --quiet

# Real clients, unmodified from their registries, against the mocks; all, or those of LANGUAGES: curl python node go java rust
interop *languages: build
    bash tests/interop/run.sh {{languages}}

# The mocks beside the engines that vendors run: seeded requests to both (needs python3, java 17, mvn)
parity *arguments:
    cargo build
    bash tests/parity/keycloak/run.sh {{arguments}}

# Signers of AWS's (botocore, Go, Rust) against our SigV4 verifier: 3,600 requests make 10,000 signatures (needs python3, go)
parity-signers requests='3600' seed='1':
    bash tests/parity/signers/run.sh {{requests}} {{seed}}

# FastAPI itself beside the Athelas mock: seeded requests to both (needs python3)
parity-fastapi *arguments:
    cargo build
    bash tests/parity/fastapi/run.sh {{arguments}}

# Run the benches; `just bench -- --test` only sees that they run
bench *arguments:
    cargo bench -p locum {{arguments}}

# The gate: what the README promises, the lints, real clients, and that the benches run
ci: test lint check interop
    cargo bench --profile dev -p locum -- --test
