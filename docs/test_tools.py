"""The tools of the documentation find what is wrong. `just docs-test` runs this first."""

import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parent))
import links
import test

TICKS = "`" * 3


def page(text):
    return text.replace("~~~", TICKS)


class Blocks(unittest.TestCase):
    def play(self, text):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "page.md"
            path.write_text(page(text))
            return test.Page(path, pathlib.Path(folder), os.environ).play()

    def test_what_is_right_passes(self):
        good = [
            "~~~sh\necho one; echo two\n# prints: one\n# prints: two\n~~~\n~~~text prints\no…e\ntwo\n~~~",
            "~~~sh\nexit 3\n# exits: 3\n~~~",
            "~~~python file=a.py\nprint(1)\n~~~\n~~~sh\npython3 a.py\n# prints: 1\n~~~",
            "~~~python from=docs/links.py\nimport pathlib\n~~~",
            "<!-- no-run: a reason -->\n~~~sh no-run\nfalse\n~~~",
            '~~~json\n{"a": 1}\n~~~',
        ]
        for text in good:
            with self.subTest(text):
                self.assertGreater(self.play(text), 0)

    def test_what_is_wrong_fails(self):
        bad = [
            "~~~sh\nfalse\n~~~",
            "~~~sh\necho one\n# exits: 1\n~~~",
            "~~~sh\nfalse | true\n~~~",
            "~~~sh\necho two\n# prints: one\n~~~",
            "~~~sh\necho two; echo one\n# prints: one\n# prints: two\n~~~",
            "~~~sh\necho one\n~~~\n~~~text prints\ntwo\n~~~",
            "~~~sh no-run\nfalse\n~~~",
            "~~~python\nprint(1)\n~~~",
            "~~~\nprint(1)\n~~~",
            "~~~sh\ntrue\n",
            "~~~python from=docs/links.py\nimport nothing\n~~~",
            "<!-- no-run: a reason -->\n~~~yaml no-run\n- locum watch pattern -- true\n~~~",
        ]
        for text in bad:
            with self.subTest(text), self.assertRaises(test.Failure):
                self.play(text)


class Links(unittest.TestCase):
    def dead(self, text):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            (root / "docs" / "src").mkdir(parents=True)
            (root / "README.md").write_text("# The title\n\n## A `b`: c, d\n")
            (root / "docs" / "src" / "SUMMARY.md").write_text("[a](a.md)")
            (root / "docs" / "src" / "a.md").write_text(page(text))
            subprocess.run(["git", "init", "--quiet"], cwd=root, check=True)
            return links.dead(root)

    def test_what_is_there(self):
        own = "https://github.com/locum-dev/locum/blob/main"
        self.assertEqual(self.dead(f"# A\n[a](#a) [b]({own}/README.md#a-b-c-d) [c](https://elsewhere.test/x)"), [])
        self.assertEqual(self.dead("# A\n`[a](nothing.md)`\n~~~sh\n[a](nothing.md)\n~~~"), [])

    def test_what_is_not_there(self):
        own = "https://github.com/locum-dev/locum/blob/main"
        for link in ("b.md", "#b", f"{own}/nothing.md", f"{own}/README.md#b", "../../README.md"):
            with self.subTest(link):
                self.assertEqual(len(self.dead(f"# A\n[a]({link})")), 1)


if __name__ == "__main__":
    unittest.main()
