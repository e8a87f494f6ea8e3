"""Local transactions. The SDK has no option to make a table for them, so what it is told is that this one is none."""

from harness import case, make_table, refused


@case("transactions: refused on a table made without them, and ids that are none")
def refusals(client):
    make_table(client, "txn_without")
    text = "Try to call method using explicit transaction on explicit-transaction-disabled table."
    refused("OTSParameterInvalid", text, client.start_local_transaction, "txn_without", [("pk", "a")])
    refused("OTSParameterInvalid", "TransactionID is invalid.", client.commit_transaction, "id")
    refused("OTSSessionNotExist", "Session not exist or may be timeout.", client.abort_transaction, "0" * 32)
