package tableferry.sdk;

import static tableferry.sdk.Harness.*;
import static tableferry.sdk.Ots.*;

import com.alicloud.openservices.tablestore.AsyncClient;
import com.alicloud.openservices.tablestore.ClientConfiguration;
import com.alicloud.openservices.tablestore.DefaultTableStoreReader;
import com.alicloud.openservices.tablestore.DefaultTableStoreWriter;
import com.alicloud.openservices.tablestore.SyncClient;
import com.alicloud.openservices.tablestore.TableStoreException;
import com.alicloud.openservices.tablestore.TableStoreReader;
import com.alicloud.openservices.tablestore.TableStoreWriter;
import com.alicloud.openservices.tablestore.core.auth.DefaultCredentials;
import com.alicloud.openservices.tablestore.model.*;
import com.alicloud.openservices.tablestore.reader.ReaderResult;
import com.alicloud.openservices.tablestore.reader.TableStoreReaderConfig;
import com.alicloud.openservices.tablestore.writer.WriterConfig;
import com.alicloud.openservices.tablestore.writer.WriterResult;
import com.alicloud.openservices.tablestore.writer.enums.DispatchMode;
import com.alicloud.openservices.tablestore.writer.enums.WriteMode;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

/** The SDK's writer and reader, which batch and repeat on their own, and its retries. */
final class Writers {
  private static final int ROWS = 40_000;
  private static final PrimaryKey FIRST = key("pk", PrimaryKeyValue.INF_MIN);
  private static final PrimaryKey LAST = key("pk", PrimaryKeyValue.INF_MAX);

  static void run() {
    test("writer: 40,000 rows in parallel, then counted", Writers::parallel);
    test("writer: changes of one key stay in order when it writes in sequence", Writers::sequential);
    test("writer: the one row that fails of 400 is told", Writers::failures);
    test("writer: rows refused at first are written in the end", Writers::refusedAtFirst);
    test("reader: 5,000 rows by batches", Writers::reader);
    test("retries: a busy server, throttled requests, a cut connection", Writers::retries);
    test("retries: of a batch only the rows that failed", Writers::batchRetries);
  }

  static TableStoreWriter writer(String table, WriterConfig config) {
    return new DefaultTableStoreWriter(ENDPOINT, new DefaultCredentials(KEY_ID, KEY_SECRET), INSTANCE, table, config, null);
  }

  private static void parallel() throws Exception {
    table("written");
    TableStoreWriter writer = writer("written", new WriterConfig());
    List<Future<WriterResult>> results = new ArrayList<>();
    for (int begin = 0; begin < ROWS; begin += 1000) {
      List<RowChange> changes = IntStream.range(begin, begin + 1000)
          .<RowChange>mapToObj(n -> putChange("written", key("pk", "row" + n), "n", n, "text", "some text of row " + n)).toList();
      results.add(writer.addRowChangeWithFuture(changes));
    }
    writer.flush();
    for (Future<WriterResult> result : results) expect(result.get(60, TimeUnit.SECONDS).isAllSucceed(), true);
    expect(writer.getWriterStatistics().getTotalSucceedRowsCount(), (long) ROWS);
    writer.close();
    Set<Long> found = new HashSet<>();
    Iterator<Row> rows = CLIENT.createRangeIterator(new RangeIteratorParameter(range("written", Direction.FORWARD, FIRST, LAST)));
    rows.forEachRemaining(row -> found.add(row.getLatestColumn("n").getValue().asLong()));
    expect(found.size(), ROWS);
  }

  private static void sequential() throws Exception {
    table("sequenced");
    WriterConfig config = new WriterConfig();
    config.setWriteMode(WriteMode.SEQUENTIAL);
    config.setDispatchMode(DispatchMode.HASH_PRIMARY_KEY);
    config.setAllowDuplicatedRowInBatchRequest(false);
    TableStoreWriter writer = writer("sequenced", config);
    List<Future<WriterResult>> results = new ArrayList<>();
    for (int round = 1; round <= 50; round++) {
      for (int n = 0; n < 40; n++) {
        RowUpdateChange change = updateChange("sequenced", key("pk", "row" + n), "last", round);
        change.increment(new Column("sum", value(round)));
        results.add(writer.addRowChangeWithFuture(change));
      }
    }
    writer.flush();
    for (Future<WriterResult> result : results) expect(result.get(60, TimeUnit.SECONDS).isAllSucceed(), true);
    writer.close();
    for (int n = 0; n < 40; n++) expect(values(get("sequenced", key("pk", "row" + n))), Map.of("last", "50", "sum", "1275"));
  }

  private static WriterResult writeAll(String table, List<RowChange> changes) throws Exception {
    TableStoreWriter writer = writer(table, new WriterConfig());
    Future<WriterResult> result = writer.addRowChangeWithFuture(changes);
    writer.flush();
    WriterResult written = result.get(60, TimeUnit.SECONDS);
    writer.close();
    return written;
  }

  private static void failures() throws Exception {
    table("faulty");
    put("faulty", "row7", "n", 0);
    List<RowChange> changes = new ArrayList<>();
    for (int n = 0; n < 400; n++) {
      RowPutChange change = putChange("faulty", key("pk", "row" + n), "n", n);
      change.setCondition(new Condition(RowExistenceExpectation.EXPECT_NOT_EXIST));
      changes.add(change);
    }
    List<WriterResult.RowChangeStatus> failed = writeAll("faulty", changes).getFailedRows();
    expect(failed.size(), 1);
    expect(((TableStoreException) failed.get(0).getException()).getErrorCode(), "OTSConditionCheckFail");
    expect(failed.get(0).getRowChange().getPrimaryKey(), key("pk", "row7"));
  }

  private static void refusedAtFirst() throws Exception {
    table("busy");
    fault(fault("busy", "BatchWriteRow", 3, Map.of("type", "failRows", "share", 0.3)));
    List<RowChange> changes = new ArrayList<>();
    for (int n = 0; n < 400; n++) changes.add(putChange("busy", key("pk", "row" + n), "n", n));
    boolean succeeded = writeAll("busy", changes).isAllSucceed();
    fault();
    expect(succeeded, true);
    Iterator<Row> rows = CLIENT.createRangeIterator(new RangeIteratorParameter(range("busy", Direction.FORWARD, FIRST, LAST)));
    int found = 0;
    for (; rows.hasNext(); rows.next()) found++;
    expect(found, 400);
  }

  private static void reader() throws Exception {
    AsyncClient client = new AsyncClient(ENDPOINT, KEY_ID, KEY_SECRET, INSTANCE);
    TableStoreReader reader = new DefaultTableStoreReader(client, new TableStoreReaderConfig(), Executors.newFixedThreadPool(4), null);
    List<PrimaryKey> keys = IntStream.range(0, 5000).mapToObj(n -> key("pk", "row" + n)).toList();
    Future<ReaderResult> result = reader.addPrimaryKeysWithFuture("written", keys);
    reader.flush();
    ReaderResult read = result.get(60, TimeUnit.SECONDS);
    expect(read.isAllSucceed(), true);
    expect(read.getSucceedRows().stream().filter(row -> row.getRowResult() != null).count(), 5000L);
    reader.close();
  }

  private static void retries() throws Exception {
    table("shaky");
    SyncClient patient = new SyncClient(ENDPOINT, KEY_ID, KEY_SECRET, INSTANCE, new ClientConfiguration(), null);
    fault(
        fault("shaky", "PutRow", 2, Map.of("type", "error", "code", "OTSServerBusy")),
        fault("shaky", "PutRow", 1, Map.of("type", "error", "code", "OTSRowOperationConflict")),
        fault("shaky", "GetRow", 2, Map.of("type", "cutReply")),
        fault("shaky", "GetRow", 1, Map.of("type", "error", "code", "OTSInternalServerError")));
    patient.putRow(new PutRowRequest(putChange("shaky", key("pk", "a"), "c", 1)));
    SingleRowQueryCriteria criteria = new SingleRowQueryCriteria("shaky", key("pk", "a"));
    criteria.setMaxVersions(1);
    expect(values(patient.getRow(new GetRowRequest(criteria)).getRow()), Map.of("c", "1"));
    fault(fault("shaky", "PutRow", 1, Map.of("type", "error", "code", "OTSInternalServerError")));
    PutRowRequest again = new PutRowRequest(putChange("shaky", key("pk", "a"), "c", 2));
    refused("OTSInternalServerError", "Internal server error.", () -> patient.putRow(again));
    fault();
  }

  private static Map<String, Object> fault(String table, String operation, int times, Map<String, Object> effect) {
    return Map.of("operations", List.of(operation), "table", table, "times", times, "effect", effect);
  }

  /** What goes wrong from now on; nothing unless told. */
  private static void fault(Object... rules) throws Exception {
    ask("setFaults", "rules", List.of(rules));
  }

  private static void batchRetries() throws Exception {
    table("shaky_rows");
    SyncClient patient = new SyncClient(ENDPOINT, KEY_ID, KEY_SECRET, INSTANCE, new ClientConfiguration(), null);
    fault(fault("shaky_rows", "BatchWriteRow", 2, Map.of("type", "failRows", "rows", List.of(1, 3))));
    BatchWriteRowRequest request = new BatchWriteRowRequest();
    for (int n = 0; n < 5; n++) {
      RowUpdateChange change = new RowUpdateChange("shaky_rows", key("pk", "row" + n));
      change.increment(new Column("n", value(1)));
      request.addRowChange(change);
    }
    BatchWriteRowResponse written = patient.batchWriteRow(request);
    fault();
    expect(written.isAllSucceed(), true);
    for (int n = 0; n < 5; n++) expect(values(get("shaky_rows", key("pk", "row" + n))), Map.of("n", "1"));
  }

  private Writers() {}
}
