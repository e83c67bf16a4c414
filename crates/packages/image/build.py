"""Builds the Dockerfile beside this file where no engine runs, as an archive that docker and podman load.

Usage: build.py [--dynamic] CONTEXT ARCHIVE NAME:TAG...     CONTEXT holds the files that the Dockerfile copies; a program
that is not static is refused without --dynamic, since the image has no loader.

It knows what a Dockerfile from scratch without RUN may say, and refuses the rest. The same files give the same archive:
the time is SOURCE_DATE_EPOCH.
"""

import hashlib
import io
import json
import os
import shlex
import sys
import tarfile
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.append(str(Path(__file__).resolve().parent.parent))
from elf import interpreter  # noqa: E402

EPOCH = int(os.environ.get("SOURCE_DATE_EPOCH", "0"))
ARCHITECTURES = {62: "amd64", 183: "arm64"}  # e_machine of ELF


def add(archive, name, content=None, mode=0o644):
    """A file, or a folder when it has no content, that is root's and of the one time."""
    member = tarfile.TarInfo(name)
    member.mtime, member.mode = EPOCH, mode
    if content is None:
        member.type, member.mode = tarfile.DIRTYPE, 0o755
    else:
        member.size = len(content)
    archive.addfile(member, content and io.BytesIO(content))


def copy(archive, known, sources, target, context):
    """`COPY sources… target`, with the folders above that are not there yet."""
    for source in sources:
        path = (target + source if target.endswith("/") else target).lstrip("/")
        for folder in reversed(Path(path).parents[:-1]):
            if folder not in known:
                known.add(folder)
                add(archive, str(folder))
        file = context / source
        add(archive, path, file.read_bytes(), 0o755 if os.access(file, os.X_OK) else 0o644)


def healthcheck(rest):
    """What the configuration says of `HEALTHCHECK [--interval=2s] [--start-period=10s]… CMD ["…"]`."""
    options, _, command = rest.rpartition(" CMD ")
    check = {"Test": ["CMD", *json.loads(command)]}
    for option in options.split():
        name, value = option.removeprefix("--").split("=")
        member = "".join(part.capitalize() for part in name.split("-"))
        check[member] = int(value.removesuffix("s")) * 1_000_000_000
    return check


def build(dockerfile, context):
    """The configuration of the image, and its one layer."""
    config, layer, known = {"Env": [], "Labels": {}, "ExposedPorts": {}}, io.BytesIO(), set()
    with tarfile.open(fileobj=layer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for line in dockerfile.read_text().splitlines():
            verb, _, rest = line.partition(" ")
            words = [] if verb in ("", "#", "ENTRYPOINT", "CMD", "HEALTHCHECK") else shlex.split(rest)
            match verb:
                case "" | "#":
                    pass
                case "FROM" if words == ["scratch"]:
                    pass
                case "COPY" if not rest.startswith("--"):
                    copy(archive, known, words[:-1], words[-1], context)
                case "USER":
                    config["User"] = rest
                case "ENV":
                    config["Env"] += words
                case "LABEL":
                    config["Labels"].update(word.split("=", 1) for word in words)
                case "EXPOSE":
                    config["ExposedPorts"].update({f"{port}/tcp": {} for port in words})
                case "HEALTHCHECK":
                    config["Healthcheck"] = healthcheck(f" {rest}")
                case "ENTRYPOINT" | "CMD":
                    config[verb.capitalize()] = json.loads(rest)
                case _:
                    sys.exit(f"{dockerfile}: this builder does not know: {line}")
    return config, layer.getvalue()


def main(*words):
    dynamic = words[0] == "--dynamic"
    context, target, *names_with_tags = words[dynamic:]
    here, context = Path(__file__).parent, Path(context)
    program = (context / "locum").read_bytes()
    loader = interpreter(program)
    if loader and not dynamic:
        sys.exit(f"{context / 'locum'} is not static: it asks for {loader}, which the image has not")
    config, layer = build(here / "Dockerfile", context)
    created = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(EPOCH))
    architecture = ARCHITECTURES[int.from_bytes(program[18:20], "little")]
    digest = hashlib.sha256(layer).hexdigest()
    image = {
        "architecture": architecture,
        "os": "linux",
        "created": created,
        "config": config,
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}"]},
        "history": [{"created": created, "created_by": "crates/packages/image"}],
    }
    image = json.dumps(image).encode()
    names = f"{hashlib.sha256(image).hexdigest()}.json", f"{digest}/layer.tar"
    manifest = [{"Config": names[0], "RepoTags": names_with_tags, "Layers": [names[1]]}]
    with tarfile.open(target, "w") as archive:
        add(archive, names[0], image)
        add(archive, names[1], layer)
        add(archive, "manifest.json", json.dumps(manifest).encode())


if __name__ == "__main__":
    main(*sys.argv[1:])
