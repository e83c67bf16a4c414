# Sourced by run.sh and by tests/sdks/run.sh: what each language needs, installed from its registry in
# the versions that stand here. `here` is the folder of this file, `work` where everything goes; tests/parts.sh is sourced
# before.

# What each language needs before its first step, and how a step of it runs.
prepare_curl() { needs curl python3; }
run_curl() { bash "$here/$1" "$CONTROL"; }

prepare_python() {
    needs python3
    [ -x "$work/venv/bin/python" ] || python3 -m venv "$work/venv"
    "$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check -r "$here/python/requirements.txt"
    "$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps warrant==0.6.1
}
run_python() { "$work/venv/bin/python" "$here/python/$1" "$2"; }

prepare_node() {
    needs node npm
    mkdir -p "$work/node"
    # Beside the modules, where an import finds them.
    cp "$here"/node/* "$work/node"
    npm install --prefix "$work/node" --silent --no-audit --no-fund
}
run_node() { (cd "$work/node" && node "$1" "$2"); }

prepare_go() {
    needs go
    (cd "$here/go" && go build -o "$work/go-steps" .)
}
run_go() { "$work/go-steps" "$2"; }

prepare_java() {
    needs java javac mvn
    mkdir -p "$work/java"
    cp "$here/java/pom.xml" "$work/java"
    local repository=${MAVEN_REPOSITORY:+-Dmaven.repo.local=$MAVEN_REPOSITORY}
    (cd "$work/java" && mvn -q -B $repository dependency:copy-dependencies -DoutputDirectory=lib)
    javac -cp "$work/java/lib/*" -d "$work/java" "$here/java/Steps.java"
}
run_java() { java -cp "$work/java/lib/*:$work/java" Steps "$2"; }

prepare_rust() {
    needs cargo
    CARGO_TARGET_DIR=$work/rust cargo build --quiet --locked --manifest-path "$here/rust/Cargo.toml"
}
run_rust() { "$work/rust/debug/locum-interop" "$2"; }
