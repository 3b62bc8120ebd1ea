"""Parses the header fields of what is to go by other people's parsers: http-sfv (RFC 9651) and Python's email.utils.

    check.py BASE

BASE answers version 1 as something that is to go, and version 2 as something that stays."""

import datetime
import email.utils
import json
import sys
import urllib.error
import urllib.request

import http_sfv


def head(url, fields=None):
    try:
        return urllib.request.urlopen(urllib.request.Request(url, headers=fields or {})).headers
    except urllib.error.HTTPError as answer:
        return answer.headers


base = sys.argv[1].rstrip("/")
going = head(f"{base}/api/v1/goals/")

since = http_sfv.Item()
deprecation = going["Deprecation"]
assert deprecation.startswith("@"), deprecation
try:
    since.parse(deprecation.encode())
    seconds = since.value.timestamp() if isinstance(since.value, datetime.datetime) else int(since.value)
except Exception:
    # A version of the parser from before RFC 9651 knows no Date: the Integer behind the @ is all there is to it.
    since.parse(deprecation[1:].encode())
    seconds = since.value
sunset = email.utils.parsedate_to_datetime(going["Sunset"])
assert sunset.tzinfo is not None and email.utils.format_datetime(sunset, usegmt=True) == going["Sunset"], going["Sunset"]
assert seconds <= sunset.timestamp(), (seconds, sunset)

# RFC 8288: a Link is a URI in angle brackets with parameters; those are parsed as a List's are.
relations = {}
for link in going["Link"].split(", "):
    target, _, parameters = link.partition(">; ")
    item = http_sfv.Item()
    item.parse(f'"{target[1:]}"; {parameters}'.encode())
    relations[item.params["rel"]] = item.value
assert {"deprecation", "sunset", "successor-version"} <= set(relations), relations
assert relations["successor-version"].endswith("/api/v2/goals/"), relations

version = http_sfv.Item()
version.parse(going["API-Version"].encode())
assert version.value == 1

old = head(f"{base}/api/v2/goals/", {"X-Client-Version": "Phone/1.0"})
alert = json.loads(old["Alert"])
assert alert["code"] == "soft-eol" and alert["url"] and alert["message"], alert
assert old["Sunset"] is None and old["Deprecation"] is None
print(f"Deprecation {deprecation}, Sunset {going['Sunset']}, {len(relations)} relations, Alert {alert['code']}")
