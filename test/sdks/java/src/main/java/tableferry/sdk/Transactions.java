package tableferry.sdk;

import static tableferry.sdk.Harness.*;
import static tableferry.sdk.Ots.*;

import com.alicloud.openservices.tablestore.model.*;
import java.util.Map;

/** Local transactions: begun, used, committed, aborted, and what they keep others from. */
final class Transactions {
  static void run() {
    test("transactions: own writes are seen within, and by others after the commit", Transactions::committed);
    test("transactions: aborted without effect", Transactions::aborted);
    test("transactions: a locked key conflicts with other writers and transactions", Transactions::locked);
    test("transactions: refused off their key, once they ended, and on tables without", Transactions::refusals);
  }

  private static String start(String table, String key) {
    return CLIENT.startLocalTransaction(new StartLocalTransactionRequest(table, key("pk", key))).getTransactionID();
  }

  private static String transactional(String name) {
    return table(name, request -> request.setLocalTxnEnabled(true));
  }

  private static void putWithin(String id, String table, String key, Object... cells) {
    PutRowRequest request = new PutRowRequest(putChange(table, key("pk", key), cells));
    request.setTransactionId(id);
    CLIENT.putRow(request);
  }

  private static Row getWithin(String id, String table, String key) {
    SingleRowQueryCriteria criteria = new SingleRowQueryCriteria(table, key("pk", key));
    criteria.setMaxVersions(1);
    GetRowRequest request = new GetRowRequest(criteria);
    request.setTransactionId(id);
    return CLIENT.getRow(request).getRow();
  }

  private static void committed() {
    transactional("txn_commit");
    put("txn_commit", "a", "c", "old");
    String id = start("txn_commit", "a");
    putWithin(id, "txn_commit", "a", "c", "new");
    BatchWriteRowRequest batch = new BatchWriteRowRequest();
    batch.addRowChange(updateChange("txn_commit", key("pk", "a"), "d", 1));
    batch.setTransactionId(id);
    expect(CLIENT.batchWriteRow(batch).isAllSucceed(), true);
    expect(values(getWithin(id, "txn_commit", "a")), Map.of("c", "new", "d", "1"));
    expect(values(get("txn_commit", key("pk", "a"))), Map.of("c", "old"));
    CLIENT.commitTransaction(new CommitTransactionRequest(id));
    expect(values(get("txn_commit", key("pk", "a"))), Map.of("c", "new", "d", "1"));
    drop("txn_commit");
  }

  private static void aborted() {
    transactional("txn_abort");
    String id = start("txn_abort", "a");
    putWithin(id, "txn_abort", "a", "c", 1);
    CLIENT.abortTransaction(new AbortTransactionRequest(id));
    expect(get("txn_abort", key("pk", "a")), null);
    put("txn_abort", "a", "c", 2);
    drop("txn_abort");
  }

  private static void locked() throws Exception {
    transactional("txn_lock");
    String id = start("txn_lock", "a");
    refused("OTSRowOperationConflict", "Data is being modified by the other request.", () -> put("txn_lock", "a", "c", 1));
    refused("OTSRowOperationConflict", "Data is being modified by the other request.", () -> start("txn_lock", "a"));
    put("txn_lock", "b", "c", 1);
    CLIENT.commitTransaction(new CommitTransactionRequest(id));
    put("txn_lock", "a", "c", 1);
    drop("txn_lock");
  }

  private static void refusals() throws Exception {
    transactional("txn_refuse");
    table("txn_without");
    String id = start("txn_refuse", "a");
    String elsewhere = "Data out of scope of transaction. Transaction PartKey:a. Data PartKey:b";
    refused("OTSDataOutOfRange", elsewhere, () -> putWithin(id, "txn_refuse", "b", "c", 1));
    CLIENT.abortTransaction(new AbortTransactionRequest(id));
    String over = "Session not exist or may be timeout.";
    refused("OTSSessionNotExist", over, () -> CLIENT.commitTransaction(new CommitTransactionRequest(id)));
    refused("OTSSessionNotExist", over, () -> getWithin(id, "txn_refuse", "a"));
    refused("OTSParameterInvalid", "TransactionID is invalid.", () -> CLIENT.abortTransaction(new AbortTransactionRequest("id")));
    String without = "Try to call method using explicit transaction on explicit-transaction-disabled table.";
    refused("OTSParameterInvalid", without, () -> start("txn_without", "a"));
    drop("txn_refuse");
    drop("txn_without");
  }

  private Transactions() {}
}
