"""Opens the page of real runs in a browser, as a person would, and looks at what it drew.

Usage: browser.py BROWSER WORK     screenshots go to WORK/screenshots
"""

import html
import json
import pathlib
import re
import subprocess
import sys
import tempfile

browser, work = sys.argv[1], pathlib.Path(sys.argv[2])
passed = failed = 0


def step(name, holds, said=""):
    global passed, failed
    if holds:
        passed += 1
        print(f"ok    {name}")
    else:
        failed += 1
        print(f"FAIL  {name}: {said}")


def chromium(*arguments):
    with tempfile.TemporaryDirectory() as profile:
        command = [browser, "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--user-data-dir={profile}",
                   "--enable-logging=stderr", "--virtual-time-budget=5000", *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=180, check=True)


def drawn(page, fragment=""):
    """The page's own DOM when its script has run, and what it complained of."""
    done = chromium("--dump-dom", page.resolve().as_uri() + fragment)
    return done.stdout, [line for line in done.stderr.splitlines() if "CONSOLE" in line]


page, complaints = drawn(work / "bad" / "report.html", "#ERR-04@pattern")
results = json.loads((work / "bad" / "results.json").read_text(encoding="utf-8"))
step("the page complains of nothing", not complaints, complaints)
step("each row is on it", page.count('<details class="row"') == len(results["verdicts"]), page.count('<details class="row"'))
for word, count in results["summary"].items():
    step(f"it counts {word}", f"<b>{count}</b>{word}</li>" in page)
step("a link to a row opens it", 'id="ERR-04@pattern" open=""' in page)
step("an open row has its ladder", 'class="ladder"' in page and 'class="step"' in page)
step("an open row says how to send it again", '<pre class="repeat">curl ' in page)
step("the findings come first", page.index('id="findings"') < page.index('id="area-TOK"'))
step("it asks nothing of the network", not re.search(r'(?:src|href)="(?!#|https://(?:www\.rfc-editor|docs\.|openid))', page))

merged, complaints = drawn(work / "merged" / "merged.html")
step("several runs complain of nothing", not complaints, complaints)
step("several runs stand beside one another", merged.count("<tbody>") == 1 and "only differences" in merged)

client, complaints = drawn(work / "client" / "report.html")
step("a client's page complains of nothing", not complaints, complaints)
step("a client's page names the client", "locum" in html.unescape(client))

shots = work / "screenshots"
shots.mkdir(exist_ok=True)
for width in [400, 800, 1400]:
    for theme in ["light", "dark"]:
        shot = shots / f"{width}-{theme}.png"
        shot.unlink(missing_ok=True)
        dark = ["--force-dark-mode", "--blink-settings=preferredColorScheme=0"] if theme == "dark" else ["--blink-settings=preferredColorScheme=1"]
        chromium(f"--screenshot={shot}", f"--window-size={max(width, 500)},2400" if width < 500 else f"--window-size={width},2400",
                 *dark, (work / "bad" / "report.html").resolve().as_uri() + "#ERR-04@pattern")
        step(f"a picture at {width} px, {theme}", shot.exists() and shot.stat().st_size > 5000)

print(f"{passed} passed, {failed} failed")
sys.exit(1 if failed or not passed else 0)
