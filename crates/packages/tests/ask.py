"""Prints the document of the stage `default`, asked for by a name and with a token. Usage: ask.py PORT NAME TOKEN"""

import sys
from urllib.request import Request, urlopen

port, name, token = sys.argv[1:]
headers = {"Host": f"{name}:4700", "Authorization": f"Bearer {token}"}
print(urlopen(Request(f"http://127.0.0.1:{port}/_locum/stages/default", headers=headers)).read().decode())
