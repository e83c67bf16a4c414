"""Unpacks an image's layers, as an engine does; prints its user, its command, its health check and, a line each,
its environment.

Usage: unpack_image.py ARCHIVE FOLDER
"""

import io
import json
import sys
import tarfile

archive, folder = sys.argv[1:]
with tarfile.open(archive) as image:
    manifest = json.load(image.extractfile("manifest.json"))[0]
    config = json.load(image.extractfile(manifest["Config"]))["config"]
    for layer in manifest["Layers"]:
        with tarfile.open(fileobj=io.BytesIO(image.extractfile(layer).read())) as files:
            files.extractall(folder)
command = " ".join(config["Entrypoint"] + config["Cmd"])
how, *healthcheck = config["Healthcheck"]["Test"]
assert how == "CMD", how
print(config["User"], command, " ".join(healthcheck), *config["Env"], sep="\n")
