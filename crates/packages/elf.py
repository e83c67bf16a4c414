"""The C library that a program of Linux asks for. `python3 elf.py PROGRAM` prints glibc or musl, or nothing when it is static."""

import sys
from pathlib import Path


def number(program, offset, size):
    """Of an ELF file of 64 bits, little endian, as those of x86_64 and aarch64 are."""
    return int.from_bytes(program[offset : offset + size], "little")


def interpreter(program):
    """The loader that the program names (PT_INTERP); empty when it is static."""
    first, size, count = number(program, 32, 8), number(program, 54, 2), number(program, 56, 2)
    for header in range(first, first + size * count, size):
        if number(program, header, 4) == 3:
            offset, length = number(program, header + 8, 8), number(program, header + 32, 8)
            return program[offset : offset + length].rstrip(b"\0").decode()
    return ""


def libc(program):
    """`glibc`, `musl`, or empty when the program is static."""
    loader = interpreter(program).rpartition("/")[2]
    for start, name in {"ld-linux-": "glibc", "ld-musl-": "musl"}.items():
        if loader.startswith(start):
            return name
    if loader:
        raise SystemExit(f"no C library is known whose loader is {loader}")
    return ""


if __name__ == "__main__":
    print(libc(Path(sys.argv[1]).read_bytes()))
