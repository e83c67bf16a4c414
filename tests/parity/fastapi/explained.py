"""Differences that stay, each with its reason."""

import re

# How FastAPI prints a file that it keeps in memory.
FILE = (
    '"file":{"_file":{},"_max_size":1048576,"_rolled":false,"_TemporaryFileArgs":{"mode":"w+b","buffering":-1,'
    '"suffix":null,"prefix":null,"encoding":null,"newline":null,"dir":null,"errors":null}}'
)

# (generation or None, what it is about, why it stays, whether it is this one)
TABLE = [
    (
        None,
        "characters after a token",
        "\"Ensure there are no extra spaces or characters in the token\" (api/authentication). PyJWT drops "
        "base64's padding and Python a no-break space, the vendor's own page says that they are refused.",
        lambda request, theirs, mine: (b"{token}=" in request or b"{token}\xa0" in request)
        and mine["status"] == 401
        and mine["body"] == '{"detail":"Could not validate credentials"}',
    ),
    (
        None,
        "a character that no URI has",
        "RFC 3986 section 2 has no raw `\"`, `<`, `>` in a target. h11 takes any visible ASCII, the other parser "
        "that uvicorn may run on does not; the mock refuses, for all vendors, what is no URI.",
        lambda request, theirs, mine: any(sign in request.split(b"\r\n")[0] for sign in (b'"', b"<", b">", b"\\", b"^", b"`", b"{", b"|", b"}"))
        and mine["status"] == 400
        and mine["body"] == "Invalid HTTP request received.",
    ),
    (
        None,
        "a file's content in a refusal",
        "Where a file of two bytes stands for a text, FastAPI happens to print its content as a number and a number "
        "(its lines are taken for pairs). The mock prints such a file as any other, and never what is in it.",
        lambda request, theirs, mine: re.sub(r'"file":{"\d+":\d+[^}]*}', FILE, theirs["body"]) == mine["body"],
    ),
]


def explanation(generation, request, theirs, mine):
    """Why the two may differ here; None where they may not."""
    for only, name, _why, fits in TABLE:
        if only in (None, generation) and fits(request, theirs, mine):
            return name
    return None
