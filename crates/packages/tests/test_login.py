from base64 import b64encode
from urllib.request import Request, urlopen


def test_login(locum_pattern):
    account = "{client_id}:{client_secret}".format(**locum_pattern.credentials)
    headers = {"Authorization": "Basic " + b64encode(account.encode()).decode(), "Accept": "application/json"}
    request = Request(locum_pattern.token_url, b"grant_type=client_credentials", headers)
    assert urlopen(request).status == 200
