"""HTTP as bytes: what goes out is what the case says, what comes back keeps order and spelling."""

import socket
from urllib.parse import quote, quote_plus

TIMEOUT_S = 20


class Side:
    """One of the two servers: its address, and one connection that is kept."""

    def __init__(self, name, host, port):
        self.name, self.host, self.port = name, host, port
        self.base = f"http://{host}:{port}"
        self.connection = None

    def send(self, raw, method):
        """Sends a request and returns (version, status, headers, body); reconnects once."""
        for attempt in (1, 2):
            fresh = self.connection is None
            if fresh:
                self.connection = socket.create_connection((self.host, self.port), TIMEOUT_S)
                self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            try:
                try:
                    self.connection.sendall(raw)
                except OSError:
                    if not fresh:
                        raise  # else: the server may have answered before it had read everything
                return self._receive(method)
            except (OSError, ConnectionError) as error:
                self.close()
                if attempt == 2 or fresh:
                    return ("", 0, [], str(error).encode())

    def close(self):
        if self.connection:
            self.connection.close()
        self.connection = None

    def _receive(self, method):
        buffer = b""
        while True:
            while b"\r\n\r\n" not in buffer:
                more = self.connection.recv(65536)
                if not more:
                    raise ConnectionError("hung up")
                buffer += more
            head, buffer = buffer.split(b"\r\n\r\n", 1)
            lines = head.decode("latin-1").split("\r\n")
            version, status, *_ = lines[0].split(" ", 2)
            status = int(status)
            if status >= 200:
                break
        headers = [tuple(line.split(": ", 1)) if ": " in line else (line.rstrip(":"), "") for line in lines[1:]]
        low = {name.lower(): value for name, value in headers}
        if method == "HEAD" or status in (204, 304):
            body = b""
        elif low.get("transfer-encoding") == "chunked":
            body, buffer = self._chunks(buffer)
        elif "content-length" in low:
            length = int(low["content-length"])
            while len(buffer) < length:
                more = self.connection.recv(65536)
                if not more:
                    raise ConnectionError("hung up in the body")
                buffer += more
            body = buffer[:length]
        else:
            body = buffer
            while more := self.connection.recv(65536):
                body += more
            self.close()
        if low.get("connection", "").lower() == "close" or status in (400, 413, 414, 431, 500):
            self.close()
        return version, status, headers, body

    def _chunks(self, buffer):
        body = b""
        while True:
            while b"\r\n" not in buffer:
                buffer += self._more()
            size, buffer = buffer.split(b"\r\n", 1)
            size = int(size.split(b";")[0], 16)
            while len(buffer) < size + 2:
                buffer += self._more()
            body += buffer[:size]
            buffer = buffer[size + 2 :]
            if size == 0:
                return body, buffer

    def _more(self):
        more = self.connection.recv(65536)
        if not more:
            raise ConnectionError("hung up in a chunk")
        return more


def encoded(text, style):
    """One name or value of a form, encoded in one of the ways that clients have."""
    data = text.encode("utf-8", "surrogateescape")
    if style == "raw":
        return text
    if style == "pct":
        return quote(data, safe="")
    if style == "lower":
        return "".join(
            piece if not piece.startswith("%") else piece.lower() for piece in _pieces(quote(data, safe=""))
        )
    if style == "over":
        return "".join(f"%{byte:02X}" for byte in data)
    if style == "latin":
        return quote(text.encode("latin-1", "replace"), safe="")
    return quote_plus(data)


def _pieces(text):
    at = 0
    while at < len(text):
        size = 3 if text[at] == "%" else 1
        yield text[at : at + size]
        at += size


def joined(pairs):
    """Pairs as `name=value&…`; the style `bare` leaves the `=` out."""
    parts = []
    for name, value, style in pairs:
        if style == "bare":
            parts.append(encoded(name, "plus"))
        elif style == "overname":
            parts.append(encoded(name, "over") + "=" + encoded(value, "plus"))
        else:
            parts.append(encoded(name, "raw" if style == "raw" else "plus") + "=" + encoded(value, style))
    return "&".join(parts)


def request_bytes(method, target, host, headers, body):
    """A request as it goes out; `Content-Length` and `Host` unless `headers` has its own."""
    names = {name.lower() for name, _ in headers}
    lines = [f"{method} {target} HTTP/1.1"]
    if "host" not in names:
        lines.append(f"Host: {host}")
    lines += [f"{name}: {value}" for name, value in headers]
    if body is not None and not names & {"content-length", "transfer-encoding"}:
        lines.append(f"Content-Length: {len(body)}")
    head = "\r\n".join(lines) + "\r\n\r\n"
    return head.encode("utf-8", "surrogateescape") + (body or b"")
