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

# The mutant matrix: each mutant of the demo client turns exactly its rows; all, or those named
mutants *names:
    cargo test -p locum --test mutants -- {{names}}

# Formatting, lints and docs, warnings denied
lint:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets -- -D warnings
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --quiet

# Real clients, unmodified from their registries, against the mocks; all, or those of LANGUAGES: curl python node go java rust
interop *languages: build
    bash tests/interop/run.sh {{languages}}

# The reports of real runs: each form against its public schema, the page in Debian's chromium (pictures: target/reports/screenshots)
reports: build
    bash tests/reports/run.sh

# The page of `locum serve` in Debian's chromium; all parts, or those named (pictures: target/page/screenshots)
page *parts: build
    bash tests/page/run.sh {{parts}}

# The helpers for people's test frameworks, each with its own runner; all, or those of LANGUAGES: python node go java rust
bindings *languages: build
    bash crates/bindings/test.sh {{languages}}

# The wheel, npm's packages and the archive of target/release/locum, in target/packages (an image: crates/packages/package.sh)
package: build
    bash crates/packages/package.sh

# Each package in a clean environment; all, or those of PARTS: python node go image action java
packages *parts: package
    bash crates/packages/test.sh {{parts}}

# Published clients, unmodified, judged by `locum drive`: all, with their page tests/sdks/README.md anew, or those of NAMES
judge-sdks *names: build
    bash tests/sdks/run.sh {{names}}

# The shims of `locum new shim` with their runtimes; all, or those of LANGUAGES: python javascript typescript java go rust
shims *languages: build
    bash tests/shims/run.sh {{languages}}

# Sample projects with home-made clients under `locum watch`: the honest ones blamed for nothing, each usual fault shown; all, or those of LANGUAGES: python node go java
watch-samples *languages: build
    bash tests/watch/run.sh {{languages}}

# The mocks beside the engines and signers that vendors and their clients use, by seeded requests to both
parity: parity-keycloak parity-fastapi parity-signers

# Keycloak 26.7.3 itself beside Corti's realm (needs python3, java 17, mvn)
parity-keycloak *arguments: build
    bash tests/parity/keycloak/run.sh {{arguments}}

# FastAPI itself, in two generations, beside Athelas (needs python3)
parity-fastapi *arguments: build
    bash tests/parity/fastapi/run.sh {{arguments}}

# The signers of botocore, Go and Rust against our SigV4 verifier (needs python3, go)
parity-signers *arguments:
    bash tests/parity/signers/run.sh {{arguments}}

# Other people's servers, unmodified, judged by `locum check` and compared with tests/peers/peers.tsv: all, with their page
# tests/peers/README.md anew, or those of NAMES (needs python3, node, npm, go, java 17, mvn)
peers *names: build
    bash tests/peers/run.sh {{names}}

# Every command and snippet of the documentation, its links, its generated parts; all pages, or those named (needs curl, jq, npx, java, go)
docs-test *pages: build
    python3 docs/test_tools.py
    python3 docs/test.py {{pages}}

# The parts of the documentation that the program itself can tell: after a change of flags, settings or calls
docs-generate: build
    python3 docs/generate.py

# The documentation as a book, in target/docs/book (needs mdbook, or python3 to install its wheel)
book:
    bash docs/book.sh

# Run the benches; `just bench -- --test` only sees that they run
bench *arguments:
    cargo bench -p locum {{arguments}}

# The gate: what the README promises, the lints, real clients, engines and signers, clients under judgement with their real
# runtimes, and that the benches run. Published clients and other people's servers are judged each night (`just judge-sdks`, `just
# peers`), and Keycloak's run is for then, too: it fetches 200 MB, and lives by Keycloak's own clock.
ci: test lint check interop reports page watch-samples shims bindings packages docs-test book parity-fastapi parity-signers
    cargo bench --profile dev -p locum -- --test
