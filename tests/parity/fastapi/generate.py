"""Requests in the shape of Athelas' endpoints, from a seed: right ones, wrong ones and odd ones.

Each is bytes with placeholders: {host}, and {token}, which each side fills with its own.
"""

from urllib.parse import quote, quote_plus

API = "/v1/ambient/api"
TOKEN = f"{API}/auth/token"
FORM = "application/x-www-form-urlencoded"

VALUES = [
    "", "a", "abc", "0", "1", "-1", "1042", "2056", "1.0", "1.5", " 7 ", "+7", "1_000", "1e3", "007",
    "9" * 25, "[1042]", "1042,2056", "true", "null", "é", "日本", "a b", "a+b", "a%b", "a&b=c", "\x00",
    "\t", "\n", "\"", "\\", "<b>", "'", "\u2028", "x" * 300,
]  # fmt: skip
DATES = [
    "2023-11-07T05:31:56Z", "2023-11-07T05:31:56+01:00", "2023-11-07T05:31:56", "2023-11-07 05:31:56Z",
    "2023-11-07", "1699335116", "1699335116.5", "1699335116000", "-1", "yesterday", "2023-13-07",
    "2023-02-30", "07.11.2023", "NaN", "2023-11-07T", "2023-11-07T25:00:00", "2023-11-07T05:31:61Z",
    "2023-11-07T05:31:56+99:00", "2023-11-07T05:31", "20231107", "2023-11-7", "", "T", "1e9", "inf",
    "2023-11-07T05:31:56.123456789Z", "2023-11-07t05:31:56z", "2023-11-07_05:31:56", " 2023-11-07",
    "99999999999999", "2023-11-07T05:31:56Zx", "2023/11/07", "0000-01-01", "9999-12-31T23:59:59Z",
]  # fmt: skip
IDS = [
    "12345", "12346", "1", "0", "-1", "abc", "1.0", "1.5", "1_2", "%2012345%20", "+12345", "1e3", "9" * 25,
    "9" * 5000, "null", "12345x", "%31%32%33%34%35", "012345", "", "%00", "é".encode().hex(), "%C3%A9", "a%2Fb", "..", "true",
]  # fmt: skip
GRANTS = ["password", "", "client_credentials", "PASSWORD", "xpasswordx", "password ", "refresh_token"]


class Generator:
    """Draws requests."""

    def __init__(self, rng, username, password):
        self.rng = rng
        self.username = username
        self.password = password

    def request(self):
        kinds = [
            (40, self.token), (8, self.token_otherwise), (20, self.upload), (14, self.read),
            (10, self.authorized), (8, self.path), (4, self.method),
        ]  # fmt: skip
        weights = [weight for weight, _ in kinds]
        return self.rng.choices([kind for _, kind in kinds], weights)[0]()

    def pick(self, choices):
        return self.rng.choice(choices)

    def chance(self, share):
        return self.rng.random() < share

    def escaped(self, text):
        """A form value in one of the spellings that clients use, odd ones among them."""
        raw = text.encode()
        spell = self.rng.random()
        if spell < 0.5:
            return quote_plus(text).encode()
        if spell < 0.7:
            return quote(text, safe="").encode()
        if spell < 0.8:
            return "".join(f"%{byte:02x}" for byte in raw).encode()
        if spell < 0.9:
            return raw.replace(b"\n", b"%0A").replace(b"\r", b"%0D")
        return quote_plus(text).encode() + self.pick([b"%", b"%z", b"%zz", b"%E9", b"+", b"%00"])

    def credentials(self):
        """Names and values of a token form."""
        fields = []
        if self.chance(0.5):
            fields.append(("grant_type", self.pick(GRANTS) if self.chance(0.6) else "password"))
        for name, right in [("username", self.username), ("password", self.password)]:
            if self.chance(0.85):
                fields.append((name, right if self.chance(0.6) else self.pick(VALUES)))
        for name in ["scope", "client_id", "client_secret", "extra", "USERNAME", "user_name"]:
            if self.chance(0.12):
                fields.append((name, self.pick(VALUES)))
        if fields and self.chance(0.15):
            fields.append((self.pick(fields)[0], self.pick(VALUES)))
        if self.chance(0.2):
            self.rng.shuffle(fields)
        return fields

    def form(self, fields):
        join = b";" if self.chance(0.02) else b"&&" if self.chance(0.03) else b"&"
        parts = []
        for name, value in fields:
            name = quote_plus(name).encode() if self.chance(0.95) else self.escaped(name)
            parts.append(name if self.chance(0.02) else name + b"=" + self.escaped(value))
        body = join.join(parts)
        return b"&" + body + b"&" if self.chance(0.03) else body

    def token(self):
        body = self.form(self.credentials())
        types = [FORM] * 14 + [
            f"{FORM}; charset=utf-8", f"{FORM};charset=latin-1", FORM.upper(), f" {FORM} ", "", None,
            "application/json", "text/plain", "multipart/form-data", f"{FORM}, text/plain", "nonsense",
        ]  # fmt: skip
        return self.post(TOKEN, self.pick(types), body)

    def token_otherwise(self):
        fields = self.credentials()
        how = self.rng.randrange(3)
        if how == 0:
            import json

            body = json.dumps(dict(fields)).encode()
            body = self.pick([body, body, b"{", b"[]", b"null", b'"x"'])
            return self.post(TOKEN, "application/json", body)
        if how == 1:
            query = self.form(fields).decode("latin-1")
            if any(not " " < letter < "\x7f" for letter in query):
                query = "username=a&password=b"
            return self.post(f"{TOKEN}?{query}", self.pick([FORM, None]), b"")
        return self.multipart(TOKEN, [(name, None, value) for name, value in fields], None)

    def upload(self):
        path, wanted = self.pick(
            [
                (f"{API}/scribe", "template_ids"),
                (f"{API}/scribe/{self.pick(IDS)}/regenerate/audio", "audio_files"),
                (f"{API}/transcribe", "audio_file"),
            ]
        )
        fields = []
        for name in ["template_ids", "audio_files", "audio_file", "transcripts", "patient_name", "additional_context"]:
            for _ in range(self.pick([0, 0, 1, 2]) if name != wanted else self.pick([0, 1, 1, 1, 2])):
                is_file = self.chance(0.9 if name.startswith("audio") else 0.05)
                filename = self.pick(["a.mp3", "b c.wav", "é.m4a", ""]) if is_file else None
                value = self.pick(["1042", "2056"]) if name == "template_ids" and self.chance(0.6) else self.pick(VALUES)
                fields.append((name, filename, value))
        if self.chance(0.4):
            fields.append(("date_of_service", None, self.pick(DATES)))
        if self.chance(0.2):
            self.rng.shuffle(fields)
        auth = "Bearer {token}" if self.chance(0.9) else None
        if self.chance(0.2):
            plain = [(name, value) for name, filename, value in fields if filename is None]
            return self.post(path, FORM, self.form(plain), auth)
        return self.multipart(path, fields, auth)

    def multipart(self, path, fields, auth):
        boundary = self.pick(["B", "----WebKitFormBoundary7MA4YWxkTrZu0gW", "a.b_c"])
        body = b""
        for name, filename, value in fields:
            disposition = f'form-data; name="{name}"'
            if filename is not None:
                disposition += f'; filename="{filename}"'
            kind = "Content-Type: audio/mpeg\r\n" if filename is not None and self.chance(0.7) else ""
            head = f"--{boundary}\r\nContent-Disposition: {disposition}\r\n{kind}\r\n"
            body += head.encode() + value.encode() + b"\r\n"
        body += f"--{boundary}--\r\n".encode()
        said = self.rng.random()
        content_type = f"multipart/form-data; boundary={boundary}"
        if said < 0.06:
            content_type = f'multipart/form-data; boundary="{boundary}"'
        elif said < 0.12:
            content_type = self.pick(["multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=other"])
        elif said < 0.16:
            body = self.pick([b"", body[: len(body) // 2], body.replace(b"\r\n", b"\n"), b"x" + body])
        return self.post(path, content_type, body, auth)

    def read(self):
        what = self.pick(["scribe", "transcribe"])
        query = self.pick(["", "", "", "?x=1", "?access_token=x"])
        return self.bytes("GET", f"{API}/{what}/{self.pick(IDS)}{query}", [("Authorization", "Bearer {token}")] * self.chance(0.9))

    def authorized(self):
        forms = [
            "Bearer {token}", "bearer {token}", "BEARER {token}", "Bearer  {token}", "Bearer   {token}", "Bearer\t{token}",
            "Bearer {token} ", " Bearer {token}", "Bearer:{token}", "Bearer: {token}", "{token}", "Token {token}",
            "Basic {token}", "Basic YTpi", "Bearer", "Bearer ", "", "Bearer \"{token}\"", "Bearer '{token}'",
            "Bearer {token}x", "Bearer {token}.x", "Bearer {token},", "Bearer {token} {token}", "Bearer null", "Bearer a.b",
            "Bearer a.b.c", "Bearer ..", "Bearer e30.e30.", "Bearer e30.e30.e30", "Bearer Bearer {token}", "Bearer=", "Bearer {token}=",
            "Bearer eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.eyJzdWIiOiJhIn0.", "Bearer {token};", "bEARER {token}", "Digest x",
            "Bearer eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhIn0.c2ln", "Bearer caf\xe9", "Bearer {token}\xa0",
        ]  # fmt: skip
        headers = [("Authorization", self.pick(forms))]
        if self.chance(0.1):
            headers.append(("Authorization", self.pick(forms)))
        if self.chance(0.1):
            headers = []
        method, path = self.pick([("GET", f"{API}/scribe/12345"), ("GET", f"{API}/transcribe/77"), ("POST", f"{API}/scribe"), ("GET", f"{API}/scribe/abc")])
        return self.bytes(method, path, headers)

    def path(self):
        known = self.pick([TOKEN, f"{API}/scribe", f"{API}/scribe/12345", f"{API}/transcribe", f"{API}/transcribe/1"])
        bent = self.pick(
            [
                known + "/", known + "//", known + "/x", known + "?", known + "?a=b", known + "/?a=b", "/" + known, known.upper(),
                known.replace("/api", "/%61pi"), known.replace("/api", "//api"), "/", "/v1", "/docs", "/redoc", "/openapi.json", "/favicon.ico",
                f"{API}/", f"{API}", f"{API}/auth", f"{API}/auth/token/refresh", f"{API}/scribes", f"{API}/./scribe/1", f"{API}/x/../scribe",
                known + "%2F", known + "%20", known + ";a=b", known + "/?", known + "/%20/", f"{API}/scribe/", f"{API}/scribe/12345/", f"{API}/scribe/1/2",
                f"{API}/scribe/12345/regenerate/audio/", f"{API}/scribe/12345/regenerate", f"{API}/scribe//regenerate/audio", known + "/?next=/x&a=%20",
            ]
        )  # fmt: skip
        method = self.pick(["GET", "POST", "HEAD", "PUT"])
        auth = [("Authorization", "Bearer {token}")] * self.chance(0.5)
        return self.bytes(method, bent, auth + ([("Content-Length", "0")] if method in ("POST", "PUT") else []))

    def method(self):
        path = self.pick([TOKEN, f"{API}/scribe", f"{API}/scribe/12345", f"{API}/transcribe", f"{API}/transcribe/1", f"{API}/scribe/1/regenerate/audio"])
        method = self.pick(["GET", "PUT", "HEAD", "OPTIONS", "PATCH", "DELETE", "POST", "TRACE", "PROPFIND", "get"])
        return self.bytes(method, path, [("Authorization", "Bearer {token}")] * self.chance(0.5) + [("Content-Length", "0")])

    def post(self, path, content_type, body, auth=None):
        headers = []
        if content_type is not None:
            headers.append(("Content-Type", content_type))
        if auth:
            headers.append(("Authorization", auth))
        headers.append(("Content-Length", str(len(body))))
        return self.bytes("POST", path, headers, body)

    def bytes(self, method, path, headers, body=b""):
        lines = [f"{method} {path} HTTP/1.1", "Host: {host}"]
        lines += [f"{name}: {value}" for name, value in headers] + ["Connection: close", "", ""]
        return "\r\n".join(lines).encode("latin-1") + body
