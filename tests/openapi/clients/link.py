"""Links a new device through an OAuth client that others wrote (oauthlib's DeviceClient, RFC 8628): it asks for codes, polls, waits when
it is told to, is let in, and calls the API by what it was given.

python link.py http://127.0.0.1:8080 USERNAME PASSWORD
"""

import json
import os
import sys
import time
import urllib.error
import urllib.request

# The client refuses plain HTTP, which is all that a test on this machine has.
os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"

from oauthlib.oauth2 import DeviceClient  # noqa: E402
from oauthlib.oauth2.rfc6749.errors import OAuth2Error  # noqa: E402

base, username, password = sys.argv[1:]
FORM = "application/x-www-form-urlencoded"


def call(path, body=None, headers=None):
    """The text of an answer, whatever its status: OAuth's errors are bodies."""
    data = None if body is None else body.encode()
    request = urllib.request.Request(base + "/api" + path, data, headers or {})
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.read().decode()


def post(path, body, token=None):
    headers = {"Content-Type": "application/json"}
    if token:
        headers["Authorization"] = "Bearer " + token
    return json.loads(call(path, json.dumps(body), headers))


client = DeviceClient("an-app-of-others")


def poll(device_code):
    """The tokens, or the error that the client reads."""
    body = client.prepare_request_body(device_code, include_client_id=True)
    try:
        return client.parse_request_body_response(call("/auth/device/token/", body, {"Content-Type": FORM}))
    except OAuth2Error as error:
        return error.error


codes = json.loads(call("/auth/device/code/", "client_id=an-app-of-others", {"Content-Type": FORM}))
assert codes["verification_uri_complete"].endswith(codes["user_code"]), codes
told = [poll(codes["device_code"]) for _ in range(2)]
assert told == ["authorization_pending", "slow_down"], told

signed_in = post("/auth/login/", {"username": username, "password": password})["access"]
decision = {"user_code": codes["user_code"], "match": codes["match"], "allow": True}
assert post("/auth/device/approve/", decision, signed_in) == {"status": "allowed"}
time.sleep(2 * codes["interval"])
token = poll(codes["device_code"])
assert token["token_type"] == "Bearer" and token["refresh_token"] and token["expires_in"] > 0, token

uri, headers, body = client.add_token(base + "/api/auth/me/")
me = json.loads(call("/auth/me/", None, headers))
assert me["user"]["username"] == username, me
assert poll(codes["device_code"]) == "invalid_grant"

denied = json.loads(call("/auth/device/code/", "client_id=an-app-of-others", {"Content-Type": FORM}))
post("/auth/device/approve/", {"user_code": denied["user_code"], "allow": False}, signed_in)
assert poll(denied["device_code"]) == "access_denied"
print("linked, and denied, through oauthlib's DeviceClient")
