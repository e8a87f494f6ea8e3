"""How the cases talk to tools/sdks.ts (one JSON object a line, see tools/sdks/case-line.ts), and what they compare with."""

import asyncio
import inspect
import json
import os
import sys
import time
import traceback

from tablestore import CapacityUnit, Condition, OTSClient, OTSServiceError, ReservedThroughput, RetryPolicy, TableMeta, TableOptions

ENDPOINT = os.environ["TABLESTORE_ENDPOINT"]
INSTANCE = os.environ["TABLESTORE_INSTANCE"]
KEY_ID = os.environ["TABLESTORE_ACCESS_KEY_ID"]
KEY_SECRET = os.environ["TABLESTORE_ACCESS_KEY_SECRET"]

NO_CAPACITY = ReservedThroughput(CapacityUnit(0, 0))
IGNORE = Condition("IGNORE")

_cases = []


class NoRetry(RetryPolicy):
    """A case shall see what the server said the first time."""

    def should_retry(self, retry_times, exception, api_name):
        return False


def connect(instance=INSTANCE, key_id=KEY_ID, secret=KEY_SECRET, **options):
    return OTSClient(ENDPOINT, key_id, secret, instance, retry_policy=NoRetry(), **options)


def case(name):
    """Registers a case; its parameters say whether it wants a client."""

    def register(function):
        _cases.append((name, function))
        return function

    return register


def run_all():
    for name, function in _cases:
        began = time.monotonic()
        said = {"case": name}
        try:
            result = function(connect()) if inspect.signature(function).parameters else function()
            if inspect.iscoroutine(result):
                asyncio.run(result)
        except Exception as error:
            said["failed"] = "%s: %s" % (type(error).__name__, error or "")
            traceback.print_exc()
        said["ms"] = (time.monotonic() - began) * 1000
        tell(said)


def tell(said):
    sys.stdout.write(json.dumps(said) + "\n")
    sys.stdout.flush()


def ask(**question):
    tell(question)
    reply = json.loads(sys.stdin.readline())
    if "error" in reply:
        raise AssertionError(reply["error"])
    return reply


def expect(actual, expected):
    if actual != expected:
        raise AssertionError("expected %r, got %r" % (expected, actual))


def refused(code, message, call, *args, **kwargs):
    """The call must be refused with this code and this text."""
    try:
        result = call(*args, **kwargs)
    except OTSServiceError as error:
        expect((error.code, error.message), (code, message))
        if not error.request_id:
            raise AssertionError("the refusal has no request id")
        return error
    raise AssertionError("accepted, with %r" % (result,))


def make_table(client, name, key=(("pk", "STRING"),), **options):
    client.create_table(TableMeta(name, list(key)), TableOptions(**options), NO_CAPACITY)
    return name


def values(row):
    """The newest value of each column of a row, or None."""
    if row is None:
        return None
    newest = {}
    for name, value, _ in row.attribute_columns:
        newest.setdefault(name, value)
    return newest
