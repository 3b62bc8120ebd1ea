"""What the fuzzer cannot know from the schemas: sound requests that are refused all the same, and generous reading.

Nothing else is let pass. A failure is dropped only when the answer gives exactly a reason that stands here, or when the
request is sound once it is read as the document's own description says that bodies are read.
"""

import jsonschema_rs
import schemathesis

# Why a request may be refused that its schema allows: the fields that the 400 may name. "" stands for a refusal of the
# whole, without fields.
REASONS = {
    # Names and addresses have a form, time zones are known ones, passwords are no common ones, and names are taken once.
    "POST /auth/register/": {"username", "email", "timezone", "password", "password_confirm"},
    "PATCH /auth/me/": {"email", "timezone"},
    # The password must be the caller's.
    "DELETE /auth/me/": {"password"},
    "POST /auth/password/": {"old_password", "new_password"},
    "POST /auth/login/": {"", "non_field_errors"},
    # An address is verified where there is one, by the code that was sent to it.
    "POST /auth/email/verify/": {"email", "code"},
    # A link to set a password is one that was handed out, and the password no common one.
    "POST /auth/password/reset/": {"token", "password"},
    # A device is let in by codes that it was given, whose digits it shows.
    "POST /auth/device/token/": {""},
    "POST /auth/device/approve/": {"user_code", "match", "password"},
    # A user is in one couple, a couple has two, and a code is one that was given out.
    "POST /couple/create/": {""},
    "POST /couple/invite/": {""},
    "POST /couple/join/": {"", "code"},
    # One check-in a day, one letter a month; a range has its ends in order.
    "GET /checkins/": {"from"},
    "POST /checkins/": {"date"},
    "PUT /checkins/{id}/": {"date"},
    "PATCH /checkins/{id}/": {"date"},
    "PUT /letters/{id}/": {"month"},
    "PATCH /letters/{id}/": {"month"},
    # Lists of the feed are named by the registry.
    "GET /sync/changes/": {"kinds"},
    # Devices are woken at public addresses by sound keys, lists are named by the registry, and quiet hours have two ends.
    "POST /push/subscriptions/": {"device_id", "endpoint", "keys", "domains", "quiet_from", "quiet_to", "expires_at"},
    "PATCH /push/subscriptions/{id}/": {"domains", "quiet_from", "quiet_to", "expires_at"},
    # A subscription is verified by the code that its device was sent.
    "POST /push/subscriptions/{id}/verify/": {"code"},
    # A key in the header is the one in the body.
    **{f"POST /sync/{upload}/": {"idempotency_key"} for upload in ("voice", "behavioral", "session", "metrics", "batch")},
    # The conflict is the one of the path, and its words are read whatever their case.
    "POST /sync/conflicts/{id}/resolve/": {"conflict_id", "resolution_strategy", "chosen_version"},
    # The owner is one of the two.
    "POST /goals/": {"owner"},
    "PUT /goals/{id}/": {"owner"},
    "PATCH /goals/{id}/": {"owner"},
}

# A cursor of a list is one that the list gave.
CURSOR = "after"

# Parameters that are never refused: what cannot be read is as good as missing.
LENIENT = {"GET /sync/changes/": {"limit", "include", "state"}}
# A key that is none counts as missing on these methods in version 1, whose clients sent it before it counted there.
KEY, KEYLESS = "Idempotency-Key", {"PUT", "PATCH", "DELETE"}

# From version 2 on an upload needs a key, in the field or in the body, which no schema says of either.
KEY_REQUIRED = "key-required"

WORDS = {"true": True, "1": True, "on": True, "false": False, "0": False, "off": False}


# What a server without an engine in front answers, whatever it is asked.
UNHELD = ("GET /push/stream/", 501, "realtime-unavailable")


@schemathesis.hook
def filter_failure(context, failure, case, response):
    name = type(failure).__name__
    if name in ("ServerError", "RejectedPositiveData", "AcceptedNegativeData") and is_unheld(case, response):
        return False
    if name == "RejectedPositiveData":
        return not refused_for_a_reason(case, response)
    if name == "AcceptedNegativeData":
        return not (told_item_by_item(response) or sound_when_read_generously(case))
    return True


def is_unheld(case, response):
    route, status, code = UNHELD
    return f"{case.method} {case.path}" == route and response.status_code == status and response.json().get("code") == code


def refused_for_a_reason(case, response):
    if response.status_code != 400:
        return False
    if response.json().get("code") == KEY_REQUIRED:
        return not has_key(case)
    named = set(fields(response.json().get("errors", {}))) or {""}
    reasons = REASONS.get(f"{case.method} {case.path}", set()) | ({CURSOR} if CURSOR in (case.query or {}) else set())
    return named <= reasons or out_of_time(case, named - reasons)


def has_key(case):
    return bool((case.headers or {}).get(KEY) or (isinstance(case.body, dict) and case.body.get("idempotency_key")))


def fields(errors):
    """The fields that a problem names: a map of them in version 1, pointers and parameters from version 2 on."""
    if isinstance(errors, dict):
        return list(errors)
    return [error.get("parameter") or error["pointer"].removeprefix("#").removeprefix("/") for error in errors]


def out_of_time(case, named):
    """Instants are taken from 1970 to 9999, by UTC, which a format cannot say."""
    sent = {**(case.query or {}), **(case.body if isinstance(case.body, dict) else {})}
    return all(name in sent and not "1970-01-02" < str(sent[name]).strip() < "9999-12-31" for name in named)


def told_item_by_item(response):
    """An upload is answered 200 and tells which of its items failed."""
    if response.status_code != 200 or not isinstance(response.json(), dict):
        return False
    return response.json().get("success") is False or bool(response.json().get("errors"))


def sound_when_read_generously(case):
    """Is every part of the request sound, once it is read as generously as the document says?"""
    operation = case.operation.schema.raw_schema["paths"][case.path][case.method.lower()]
    parameters = [resolved(case, parameter) for parameter in operation.get("parameters", [])]
    lenient = LENIENT.get(f"{case.method} {case.path}", set())
    for values, place in ((case.path_parameters, "path"), (case.query, "query"), (case.headers, "header")):
        for parameter in parameters:
            value = (values or {}).get(parameter["name"])
            if place == "query" and parameter["name"] in lenient:
                continue
            if place == "header" and parameter["name"] == KEY and case.method in KEYLESS:
                continue
            # Empty is as good as missing, except in a path.
            if parameter["in"] == place and (value not in (None, "") or place == "path"):
                if not valid(case, value, parameter["schema"]):
                    return False
    body = operation.get("requestBody")
    if body is None:
        return True
    schema = body["content"]["application/json"]["schema"]
    return valid(case, read_generously(case.body, schema), schema)


def read_generously(body, schema):
    if not isinstance(body, dict):
        # No body is an empty object; everything else stays what it is.
        return body if isinstance(body, (list, str, int, float, bytes)) or body is None else {}
    fields = schema.get("properties", {})
    return {name: plain(value, fields[name]) if name in fields else value for name, value in body.items()}


def plain(value, schema):
    """A value as the server takes it: digits for numbers, numbers for texts, words for truth values, "" for null."""
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if "string" in kinds:
        if number:
            return str(value)
        return None if value == "" and "null" in kinds else value
    if "integer" in kinds and isinstance(value, str):
        text = value.strip()
        if text.removeprefix("-").isdecimal() and text.isascii():
            return int(text)
        return None if value == "" and "null" in kinds else value
    if "object" in kinds and isinstance(value, dict):
        return read_generously(value, schema)
    if "boolean" in kinds:
        return WORDS.get(str(value).strip().lower(), value)
    return value


def valid(case, value, schema):
    root = {"components": case.operation.schema.raw_schema["components"], "allOf": [schema]}
    try:
        return jsonschema_rs.validator_for(root, validate_formats=True).is_valid(value)
    except (ValueError, TypeError):
        return False


def resolved(case, item):
    """What a reference leads to."""
    found = item
    if "$ref" in item:
        found = case.operation.schema.raw_schema
        for part in item["$ref"].removeprefix("#/").split("/"):
            found = found[part]
    return found
