"""Puts a built locum (LOCUM_BINARY) into the wheel as its script, under the tag of the systems it runs on."""

import os
import re
import sys
from pathlib import Path

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

sys.path.append(str(Path(__file__).resolve().parent.parent))
from elf import libc  # noqa: E402

#: What a program that is not of Linux runs on: the target of Rust and the tag of PyPI.
TAGS = {
    "aarch64-apple-darwin": "macosx_11_0_arm64",
    "x86_64-apple-darwin": "macosx_10_12_x86_64",
    "x86_64-pc-windows-msvc": "win_amd64",
}
MACHINES = {62: "x86_64", 183: "aarch64"}  # e_machine of ELF


def linux_tag(program):
    """A static program runs on every Linux; another one where its musl is, or from the newest glibc on whose symbols it names."""
    machine = MACHINES[int.from_bytes(program[18:20], "little")]
    needed = libc(program)
    if needed == "musl":
        return f"musllinux_1_2_{machine}"
    if needed == "glibc":
        major, minor = max(tuple(map(int, found)) for found in re.findall(rb"GLIBC_(\d+)\.(\d+)", program))
        return f"manylinux_{major}_{minor}_{machine}"
    return f"manylinux_2_17_{machine}.manylinux2014_{machine}.musllinux_1_1_{machine}"


class Program(BuildHookInterface):
    """Called by hatchling before it writes the wheel."""

    def initialize(self, version, build_data):
        binary = Path(os.environ["LOCUM_BINARY"]).resolve()
        program = binary.read_bytes()
        tag = linux_tag(program) if program.startswith(b"\x7fELF") else TAGS[os.environ["LOCUM_TARGET"]]
        build_data["shared_scripts"] = {str(binary): "locum.exe" if binary.suffix == ".exe" else "locum"}
        build_data["tag"] = f"py3-none-{tag}"
        build_data["pure_python"] = False
