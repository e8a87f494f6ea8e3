"""Who may call, and how replies prove who answered: the SDK checks headers, MD5, date and signature of every reply."""

from tablestore import Row

from harness import IGNORE, case, connect, expect, make_table, refused, values

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
