#!/usr/bin/env python3
"""Finds dead links between the Markdown files of the repository: files that are not there, headings that no page has.

    python3 docs/links.py

Links to the project's own address count as links to its files. Other addresses are not asked.
"""

import pathlib
import re
import subprocess
import sys
import urllib.parse

OWN = re.compile(r"https://github\.com/locum-dev/locum/(?:blob|tree)/main/")
LINK = re.compile(r"\[(?:[^\[\]]|\[[^\]]*\])*\]\((?P<target>[^()\s]+(?:\([^()\s]*\))?)\)")
CODE = re.compile(r"^ *```.*?^ *```$|`[^`\n]*`", re.M | re.S)
HEADING = re.compile(r"^#{1,6} +(.+?) *#*$", re.M)


def slug(heading):
    """What a forge and mdBook make of a heading."""
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "").replace("*", "")
    return re.sub(r"[^\w\- ]", "", text.strip().lower()).replace(" ", "-")


def anchors(page):
    text = re.sub(r"^ *```.*?^ *```$", "", page.read_text(), flags=re.M | re.S)
    seen = {}
    found = set(re.findall(r'(?:id|name)="([^"]+)"', text))
    for heading in HEADING.findall(text):
        name = slug(heading)
        found.add(f"{name}-{seen[name]}" if seen.get(name) else name)
        seen[name] = seen.get(name, 0) + 1
    return found


def targets(page):
    return [match["target"] for match in LINK.finditer(CODE.sub("", page.read_text()))]


def fault(root, page, target):
    """What is wrong with a link, or nothing."""
    own = OWN.match(target)
    if not own and re.match(r"[a-z]+:", target):
        return None
    base = root if own else page.parent
    path, _, fragment = target[own.end() if own else 0 :].partition("#")
    file = (base / urllib.parse.unquote(path)).resolve() if path else page
    if not file.exists():
        return f"{target} is not there"
    if not own and root / "docs" / "src" in page.parents and root / "docs" / "src" not in file.parents:
        return f"{target} leaves the book: link https://github.com/locum-dev/locum/blob/main/…"
    if fragment and file.suffix == ".md" and fragment not in anchors(file):
        return f"{target}: no heading has that anchor"
    return None


def pages(root):
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "*.md", "*llms.txt"],
        cwd=root, capture_output=True, text=True, check=True,
    )
    return [root / name for name in listed.stdout.splitlines() if (root / name).exists()]


def dead(root):
    """A sentence for each dead link, and for each page of the book that its table of contents lacks."""
    wrong = []
    for page in pages(root):
        for target in targets(page):
            if sentence := fault(root, page, target):
                wrong.append(f"{page.relative_to(root)}: {sentence}")
    source = root / "docs" / "src"
    summary = source / "SUMMARY.md"
    listed = {(source / target.split("#")[0]).resolve() for target in targets(summary)}
    for page in source.rglob("*.md"):
        if page != summary and page not in listed:
            wrong.append(f"{page.relative_to(root)}: SUMMARY.md does not list it")
    return wrong


if __name__ == "__main__":
    sentences = dead(pathlib.Path(__file__).resolve().parent.parent)
    print("\n".join(sentences) or "no dead link")
    sys.exit(1 if sentences else 0)
