package tableferry.sdk;

import static tableferry.sdk.Harness.*;
import static tableferry.sdk.Ots.*;

import com.alicloud.openservices.tablestore.model.*;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/** Batches: many rows of many tables in one call, each with an outcome of its own. */
final class Batches {
  static void run() {
    test("batches: writes of every kind to two tables, and their reads", Batches::everyKind);
    test("batches: each row has an error of its own, in its place", Batches::errorsInPlace);
    test("batches: a missing table is the error of its rows", Batches::missingTable);
    test("batches: atomic in one partition key, all or nothing", Batches::atomic);
    test("batches: atomic over two partition keys is refused row by row", Batches::atomicOverTwo);
    test("batches: one row twice, in order", Batches::twice);
    test("batches: 200 writes and 100 reads are the most", Batches::limits);
  }

  private static BatchWriteRowResponse write(RowChange... changes) {
    BatchWriteRowRequest request = new BatchWriteRowRequest();
    for (RowChange change : changes) request.addRowChange(change);
    return CLIENT.batchWriteRow(request);
  }

  private static MultiRowQueryCriteria criteria(String table, List<PrimaryKey> keys) {
    MultiRowQueryCriteria criteria = new MultiRowQueryCriteria(table);
    criteria.setMaxVersions(1);
    criteria.setRowKeys(keys);
    return criteria;
  }

  private static void everyKind() {
    table("batch_a");
    table("batch_b");
    put("batch_a", "old", "c", 1, "dropped", 1);
    put("batch_a", "gone", "c", 1);
    RowUpdateChange update = updateChange("batch_a", key("pk", "old"), "d", 2);
    update.increment(new Column("n", value(3)));
    update.deleteColumns("dropped");
    RowPutChange told = putChange("batch_b", key("pk", "b"), "c", 5);
    told.setReturnType(ReturnType.RT_PK);
    RowDeleteChange delete = new RowDeleteChange("batch_a", key("pk", "gone"));
    BatchWriteRowResponse written = write(putChange("batch_a", key("pk", "new"), "c", 9), told, update, delete);
    expect(written.isAllSucceed(), true);
    expect(written.getRowStatus("batch_b").get(0).getRow().getPrimaryKey(), key("pk", "b"));

    BatchGetRowRequest request = new BatchGetRowRequest();
    request.addMultiRowQueryCriteria(criteria("batch_a", List.of(key("pk", "gone"), key("pk", "old"), key("pk", "new"))));
    request.addMultiRowQueryCriteria(criteria("batch_b", List.of(key("pk", "b"))));
    BatchGetRowResponse read = CLIENT.batchGetRow(request);
    List<BatchGetRowResponse.RowResult> rows = read.getBatchGetRowResult("batch_a");
    expect(rows.get(0).getRow(), null);
    expect(values(rows.get(1).getRow()), Map.of("c", "1", "d", "2", "n", "3"));
    expect(values(rows.get(2).getRow()), Map.of("c", "9"));
    expect(values(read.getBatchGetRowResult("batch_b").get(0).getRow()), Map.of("c", "5"));
    expect(rows.get(2).getConsumedCapacity().getCapacityUnit(), new CapacityUnit(1, 0));
  }

  private static void errorsInPlace() {
    table("mixed");
    put("mixed", "there", "c", 1);
    RowPutChange first = putChange("mixed", key("pk", "there"), "c", 2);
    first.setCondition(new Condition(RowExistenceExpectation.EXPECT_NOT_EXIST));
    RowUpdateChange third = updateChange("mixed", key("pk", "none"), "c", 2);
    third.setCondition(new Condition(RowExistenceExpectation.EXPECT_EXIST));
    List<String> outcomes = write(first, putChange("mixed", key("pk", "x"), "c", 1), third).getRowStatus("mixed").stream()
        .map(row -> row.isSucceed() ? "ok" : row.getError().getCode() + " " + row.getError().getMessage()).toList();
    String failed = "OTSConditionCheckFail Condition check failed.";
    expect(outcomes, List.of(failed, "ok", failed));
  }

  private static void missingTable() {
    table("present");
    BatchWriteRowResponse written = write(putChange("present", key("pk", "a"), "c", 1), putChange("nowhere", key("pk", "a"), "c", 1));
    expect(written.getRowStatus("present").get(0).isSucceed(), true);
    expect(written.getRowStatus("nowhere").get(0).getError().getCode(), "OTSObjectNotExist");
    BatchGetRowRequest request = new BatchGetRowRequest();
    request.addMultiRowQueryCriteria(criteria("nowhere", List.of(key("pk", "a"))));
    expect(CLIENT.batchGetRow(request).getBatchGetRowResult("nowhere").get(0).getError().getMessage(), Tables.MISSING);
  }

  private static PrimaryKey two(int first, int second) {
    return key("pk", first, "row", second);
  }

  private static BatchWriteRowResponse writeAtomic(String table, IntFunction<PrimaryKey> key, int failing) {
    BatchWriteRowRequest request = new BatchWriteRowRequest();
    request.setAtomic(true);
    for (int i = 0; i < 10; i++) {
      RowPutChange change = putChange(table, key.apply(i), "c", i);
      if (i == failing) change.setCondition(new Condition(RowExistenceExpectation.EXPECT_EXIST));
      request.addRowChange(change);
    }
    return CLIENT.batchWriteRow(request);
  }

  private static void atomic() {
    create(meta("atomic", "pk", PrimaryKeyType.INTEGER, "row", PrimaryKeyType.INTEGER));
    expect(writeAtomic("atomic", i -> two(0, i), -1).isAllSucceed(), true);
    expect(writeAtomic("atomic", i -> two(7, i), 5).isAllSucceed(), false);
    expect(get("atomic", two(7, 0)), null);
    expect(values(get("atomic", two(0, 9))), Map.of("c", "9"));
  }

  private static void atomicOverTwo() {
    create(meta("atomic_two", "pk", PrimaryKeyType.INTEGER, "row", PrimaryKeyType.INTEGER));
    List<String> outcomes = writeAtomic("atomic_two", i -> two(i, i), -1).getRowStatus("atomic_two").stream()
        .map(row -> row.getError().getCode() + " " + row.getError().getMessage()).distinct().toList();
    expect(outcomes, List.of("OTSDataOutOfRange Data out of scope of atomic. Atomic PartKey:0. Data PartKey:1"));
  }

  private static void twice() {
    table("twice");
    expect(write(putChange("twice", key("pk", "a"), "c", 1), updateChange("twice", key("pk", "a"), "d", 2)).isAllSucceed(), true);
    expect(values(get("twice", key("pk", "a"))), Map.of("c", "1", "d", "2"));
  }

  private static void limits() throws Exception {
    table("many");
    IntFunction<RowChange[]> changes = count ->
        IntStream.range(0, count).mapToObj(i -> putChange("many", key("pk", "k" + i), "n", i)).toArray(RowChange[]::new);
    expect(write(changes.apply(200)).isAllSucceed(), true);
    refused("OTSParameterInvalid", "Rows count exceeds the upper limit: 200.", () -> write(changes.apply(201)));
    BatchGetRowRequest request = new BatchGetRowRequest();
    request.addMultiRowQueryCriteria(criteria("many", IntStream.range(0, 101).mapToObj(i -> key("pk", "k" + i)).toList()));
    refused("OTSParameterInvalid", "Rows count exceeds the upper limit: 100.", () -> CLIENT.batchGetRow(request));
    refused("OTSParameterInvalid", "No row is specified in BatchWriteRow.", () -> write());
  }

  private Batches() {}
}
