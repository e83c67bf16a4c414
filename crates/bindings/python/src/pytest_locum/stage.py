"""A stage: vendors, credentials, clock and journal of one test alone."""


class Stage:
    """An isolated world of a server; `stage["pattern"]` is the same with its verbs for that vendor."""

    def __init__(self, server, document, vendor=None):
        self.server, self.document, self.vendor = server, document, vendor
        self.name, self._only = document["name"], {"vendor": vendor} if vendor else {}
        part = document["vendors"][vendor] if vendor else {}
        #: The vendor's addresses by name, its first account, and both as `LOCUM_*` variables.
        self.urls, self.credentials, self.env = (part.get(name, {}) for name in ("urls", "credentials", "env"))
        self.token_url, self.api_url = self.urls.get("token"), self.urls.get("api")

    def __getitem__(self, vendor):
        return Stage(self.server, self.document, vendor)

    def call(self, method, path, body=None, **query):
        """Any call of the control API below the stage, such as `call("GET", "tokens")`."""
        return self.server.call(method, f"/stages/{self.name}/{path}".rstrip("/"), body, **query)

    def advance(self, seconds):
        """Lets seconds pass at the vendors at once; negative ones step back."""
        return self.clock(advance_s=seconds)

    def clock(self, **change):
        """Sets the vendors' clock: `now="2026-11-24T10:00:00Z"`, `mode="frozen"` or `"running"`."""
        return self.call("POST", "clock", change)

    def expire(self, **selector):
        """Ends tokens as if their time had come: all, or those of an `id`, `client` or `user`."""
        return self.call("POST", "tokens/expire", {**self._only, **selector} or {"all": True})

    def revoke(self, **selector):
        """Revokes tokens; selected as in `expire`."""
        return self.call("POST", "tokens/revoke", {**self._only, **selector} or {"all": True})

    def fault(self, then, when=None, **match):
        """Makes a vendor misbehave: `fault({"status": 503}, {"first": 2}, endpoint="token")`."""
        when = when or {"always": True}
        return self.call("POST", "faults", {"match": {**self._only, **match}, "when": when, "then": then})

    def settings(self, **changes):
        """Changes settings by their whole names: `settings(**{"corti.access_ttl_s": 2})`."""
        return self.call("PATCH", "settings", changes)

    def journal(self, **query):
        """What was exchanged, in order; `endpoint`, `outcome`, `after` and `limit` choose."""
        return self.call("GET", "journal", **self._only, **query)["entries"]

    def verdicts(self):
        """What the journal so far says of the client, requirement by requirement."""
        return self.call("GET", "verdicts", **self._only)

    def failures(self, ignore=(), expect=(), strict=False):
        """Why the client of this stage fails its test, or an empty text."""
        query = {"ignore": ",".join([*LEFT_TO_TESTS, *ignore]), "expect": ",".join(expect)}
        if strict:
            query["fail_on"] = "warn"
        return self.call("GET", "verdicts/failures", **query)["text"]


#: Left to the test: which credentials it gives its client, and whether the calls ought to succeed.
LEFT_TO_TESTS = ("CLI-28", "CLI-29")
