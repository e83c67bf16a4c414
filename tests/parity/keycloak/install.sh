# Sourced by run.sh and by tests/peers/run.sh: Keycloak's distribution, from Maven Central to KEYCLOAK_HOME below `target`.
keycloak_version=26.7.3
KEYCLOAK_HOME=$target/parity/keycloak-$keycloak_version
if [ ! -d "$KEYCLOAK_HOME" ]; then
    mkdir -p "$target/parity"
    mvn -q -B ${MAVEN_REPOSITORY:+"-Dmaven.repo.local=$MAVEN_REPOSITORY"} dependency:copy \
        "-Dartifact=org.keycloak:keycloak-quarkus-dist:$keycloak_version:zip" "-DoutputDirectory=$target/parity"
    (cd "$target/parity" && jar xf "keycloak-quarkus-dist-$keycloak_version.zip")
fi
