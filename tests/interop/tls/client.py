"""Python's ssl, as tests/interop/tls.sh asks for."""

import base64
import http.client
import os
import socket
import ssl

PORT = int(os.environ["TLS_PORT"])
PAIR = f"{os.environ['CLIENT_ID']}:{os.environ['CLIENT_SECRET']}"
HEADERS = {
    "Authorization": "Basic " + base64.b64encode(PAIR.encode()).decode(),
    "Content-Type": "application/x-www-form-urlencoded",
}
KNOWS = ssl.create_default_context(cafile=os.environ["CA"])


class Pointed(http.client.HTTPSConnection):
    """A connection to a host name that leads to this machine, whatever DNS says."""

    def connect(self):
        plain = socket.create_connection(("127.0.0.1", self.port), 10)
        self.sock = self._context.wrap_socket(plain, server_hostname=self.host)


def token(host, port, path, context):
    connection = Pointed(host, port, context=context, timeout=10)
    connection.request("POST", path, "grant_type=client_credentials", HEADERS)
    answer = connection.getresponse()
    assert answer.status == 200, answer.read()
    assert b"access_token" in answer.read()


def refused(port, context):
    try:
        token("127.0.0.1", port, "/pattern" + os.environ["TOKEN_PATH"], context)
    except ssl.SSLCertVerificationError:
        return
    raise AssertionError(f"port {port} was accepted")


for name in ("127.0.0.1", "localhost"):
    token(name, PORT, "/pattern" + os.environ["TOKEN_PATH"], KNOWS)
token(os.environ["HARD_WIRED"], PORT, os.environ["TOKEN_PATH"], KNOWS)
for bad in os.environ["BAD_PORTS"].split():
    refused(int(bad), KNOWS)
refused(PORT, ssl.create_default_context())
