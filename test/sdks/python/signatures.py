"""Who may call, and how replies prove who answered: the SDK checks headers, MD5, date and signature of every reply."""

from tablestore import OTSClient, OTSServiceError, Row

from harness import ENDPOINT, IGNORE, INSTANCE, KEY_ID, KEY_SECRET, ask, case, connect, expect, make_table, refused, values

DENIED = "OTSAuthFailed"


@case("signatures: replies are checked, of refusals too")
def replies(client):
    make_table(client, "checked")
    checked = []
    original = client.protocol._check_authorization

    def watch(query, headers, status, **rest):
        original(query, headers, status, **rest)
        checked.append((status, "authorization" in headers))

    client.protocol._check_authorization = watch
    client.describe_table("checked")
    refused("OTSObjectNotExist", "Requested table does not exist.", client.describe_table, "nowhere")
    expect(checked, [(200, True), (404, True)])


@case("signatures: a wrong secret")
def wrong_secret():
    refused(DENIED, "Signature mismatch.", connect(secret="wrong").list_table)


@case("signatures: an unknown key, an unknown instance")
def unknown():
    refused(DENIED, "The AccessKeyID does not exist.", connect(key_id="LTAInobody").list_table)
    refused(DENIED, "The instance is not found.", connect(instance="elsewhere").list_table)


REGION = "cn-hangzhou"


@case("signatures: version 4, replies included")
def version_4():
    client = connect(region=REGION)
    make_table(client, "version_4")
    client.put_row("version_4", Row([("pk", "a")], [("c", 1)]), IGNORE)
    expect(values(client.get_row("version_4", [("pk", "a")])[1]), {"c": 1})
    refused("OTSObjectNotExist", "Requested table does not exist.", client.describe_table, "nowhere")
    refused(DENIED, "Signature mismatch.", connect(secret="wrong", region=REGION).list_table)


@case("signatures: temporary keys with their security token, by both versions; without it; with another")
def temporary_keys():
    key = ask(ask="temporaryKey", seconds=900)
    for options in ({}, {"region": REGION}):
        as_temporary = {"key_id": key["id"], "secret": key["secret"], **options}
        connect(sts_token=key["token"], **as_temporary).list_table()
        for wrong in ({}, {"sts_token": "another"}):
            try:
                connect(**wrong, **as_temporary).list_table()
            except OTSServiceError as error:
                expect(error.code, DENIED)
            else:
                raise AssertionError("accepted")


@case("retries: a busy server, and reads when it fails")
def retries():
    client = OTSClient(ENDPOINT, KEY_ID, KEY_SECRET, INSTANCE)
    make_table(client, "shaky")

    def fault(operation, code):
        return {"operations": [operation], "table": "shaky", "times": 1, "effect": {"type": "error", "code": code}}

    try:
        ask(ask="setFaults", rules=[fault("PutRow", "OTSServerBusy"), fault("GetRow", "OTSInternalServerError")])
        client.put_row("shaky", Row([("pk", "a")], [("c", 1)]), IGNORE)
        expect(values(client.get_row("shaky", [("pk", "a")])[1]), {"c": 1})
        ask(ask="setFaults", rules=[fault("PutRow", "OTSInternalServerError")])
        row = Row([("pk", "a")], [("c", 2)])
        refused("OTSInternalServerError", "Internal server error.", client.put_row, "shaky", row, IGNORE)
    finally:
        ask(ask="setFaults", rules=[])


@case("signatures: instances are apart")
def apart(client):
    make_table(client, "only_here")
    expect("only_here" in connect(instance="other").list_table(), False)


@case("signatures: the decoder in Python reads what the one in C reads")
def decoders(client):
    make_table(client, "decoded")
    client.put_row("decoded", Row([("pk", "a")], [("c", 1), ("d", "two"), ("e", 3.5)]), IGNORE)
    rows = [values(one.get_row("decoded", [("pk", "a")])[1]) for one in (client, connect(enable_native=False))]
    expect(rows, [{"c": 1, "d": "two", "e": 3.5}] * 2)
