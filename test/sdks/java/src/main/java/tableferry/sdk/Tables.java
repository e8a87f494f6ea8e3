package tableferry.sdk;

import static tableferry.sdk.Harness.*;
import static tableferry.sdk.Ots.*;

import com.alicloud.openservices.tablestore.InternalClient;
import com.alicloud.openservices.tablestore.model.*;
import com.alicloud.openservices.tablestore.model.search.ListSearchIndexRequest;
import java.util.List;
import java.util.Set;

/** Tables: create, describe, update, list, delete. */
final class Tables {
  static final String MISSING = "Requested table does not exist.";

  static void run() {
    test("tables: create with a stream and every option, describe", Tables::createAndDescribe);
    test("tables: create cut into partitions", Tables::createCut);
    test("tables: update options, reserved throughput and stream", Tables::update);
    test("tables: an updated stream is another one", Tables::streamAnew);
    test("tables: list, delete, create again under the name", Tables::listAndDelete);
    test("tables: the exact errors of a missing one and of one that is there", Tables::errors);
    test("tables: limits and their texts", Tables::limits);
    test("tables: no search index and no timeseries table is listed", Tables::otherFamilies);
  }

  private static void createAndDescribe() {
    TableMeta meta = meta("full", "s", PrimaryKeyType.STRING, "i", PrimaryKeyType.INTEGER, "b", PrimaryKeyType.BINARY);
    meta.addDefinedColumn("state", DefinedColumnType.STRING);
    meta.addDefinedColumn("level", DefinedColumnType.DOUBLE);
    meta.addDefinedColumn("image", DefinedColumnType.BINARY);
    TableOptions options = new TableOptions(864000, 3, 3600);
    options.setAllowUpdate(true);
    create(meta, options, request -> {
      StreamSpecification stream = new StreamSpecification(true, 24);
      stream.addOriginColumnsToGet(List.of("state", "level"));
      request.setStreamSpecification(stream);
    });
    DescribeTableResponse described = CLIENT.describeTable(new DescribeTableRequest("full"));
    expect(described.getTableMeta().getTableName(), "full");
    expect(described.getTableMeta().getPrimaryKeyList(), meta.getPrimaryKeyList());
    expect(described.getTableMeta().getDefinedColumnsList(), meta.getDefinedColumnsList());
    options.setUpdateFullRow(false);
    expect(described.getTableOptions().toString(), options.toString());
    StreamDetails stream = described.getStreamDetails();
    expect(List.of(stream.isEnableStream(), stream.getExpirationTime()), List.of(true, 24));
    expect(stream.getOriginColumnsToGet(), Set.of("state", "level"));
    expectTrue(!stream.getStreamId().isEmpty() && stream.getLastEnableTime() > 0, "the stream is described");
    expect(described.getReservedThroughputDetails().getCapacityUnit(), new CapacityUnit(0, 0));
    expect(described.getIndexMeta(), List.of());
    long age = System.currentTimeMillis() * 1000 - described.getCreationTime();
    expectTrue(Math.abs(age) < 60_000_000, "made a moment ago, in microseconds: " + age);
  }

  private static void createCut() throws Exception {
    CreateTableRequestEx request = new CreateTableRequestEx(meta("cut", "pk", PrimaryKeyType.INTEGER), new TableOptions(-1, 1));
    request.setSplitPoints(SplitPointFactory.getDigit(3, 0, 99));
    // The public clients have no call for it.
    InternalClient internal = new InternalClient(ENDPOINT, KEY_ID, KEY_SECRET, INSTANCE, configuration(c -> {}));
    internal.createTableEx(request, null).get();
    internal.shutdown();
    List<PrimaryKey> splits = CLIENT.describeTable(new DescribeTableRequest("cut")).getShardSplits();
    expect(splits, List.of(key("pk", 25), key("pk", 50), key("pk", 75)));
    expect(ask("splitPartition", "table", "cut", "key", "90").get("partitions").getAsInt(), 5);
  }

  private static void update() {
    table("changing");
    UpdateTableRequest request = new UpdateTableRequest("changing");
    request.setTableOptionsForUpdate(new TableOptions(172800, 5, 7200));
    request.setReservedThroughputForUpdate(new ReservedThroughput(0, 0));
    request.setStreamSpecification(new StreamSpecification(true, 48));
    UpdateTableResponse updated = CLIENT.updateTable(request);
    expect(updated.getTableOptions().getMaxVersions(), 5);
    expect(updated.getStreamDetails().getExpirationTime(), 48);
    DescribeTableResponse described = CLIENT.describeTable(new DescribeTableRequest("changing"));
    expect(described.getTableOptions().getTimeToLive(), 172800);
    expect(described.getTableOptions().getMaxTimeDeviation(), 7200L);
    expect(described.getStreamDetails().getStreamId(), updated.getStreamDetails().getStreamId());
  }

  private static void streamAnew() {
    table("switched");
    String first = switchStream("switched", true).getStreamId();
    expect(switchStream("switched", false).isEnableStream(), false);
    String second = switchStream("switched", true).getStreamId();
    expectTrue(!first.equals(second), "another stream id");
  }

  private static StreamDetails switchStream(String table, boolean on) {
    UpdateTableRequest request = new UpdateTableRequest(table);
    request.setStreamSpecification(on ? new StreamSpecification(true, 24) : new StreamSpecification(false));
    return CLIENT.updateTable(request).getStreamDetails();
  }

  private static void listAndDelete() throws Exception {
    table("listed_b");
    table("listed_a");
    List<String> names = CLIENT.listTable().getTableNames().stream().filter(name -> name.startsWith("listed_")).toList();
    expect(names, List.of("listed_a", "listed_b"));
    CLIENT.deleteTable(new DeleteTableRequest("listed_a"));
    refused("OTSObjectNotExist", MISSING, () -> CLIENT.describeTable(new DescribeTableRequest("listed_a")));
    table("listed_a");
  }

  private static void errors() throws Exception {
    table("there");
    refused("OTSObjectAlreadyExist", "Requested table already exists.", () -> table("there"));
    refused("OTSObjectNotExist", MISSING, () -> CLIENT.describeTable(new DescribeTableRequest("nowhere")));
    refused("OTSObjectNotExist", MISSING, () -> CLIENT.deleteTable(new DeleteTableRequest("nowhere")));
    refused("OTSObjectNotExist", MISSING, () -> put("nowhere", "a", "c", 1));
  }

  private static void limits() throws Exception {
    String wrong = "OTSParameterInvalid";
    refused(wrong, "Invalid table name: '1st'.", () -> table("1st"));
    TableMeta five = new TableMeta("five");
    for (int i = 0; i < 5; i++) five.addPrimaryKeyColumn("k" + i, PrimaryKeyType.STRING);
    refused(wrong, "The number of primary key columns must be in range: [1, 4].", () -> create(five));
    TableMeta many = meta("many", "pk", PrimaryKeyType.STRING);
    for (int i = 0; i < 33; i++) many.addDefinedColumn("c" + i, DefinedColumnType.STRING);
    refused(wrong, "The number of defined columns must be in range: [0, 32].", () -> create(many));
    table("fixed");
    UpdateTableRequest request = new UpdateTableRequest("fixed");
    request.setTableOptionsForUpdate(new TableOptions(true, true));
    try {
      CLIENT.updateTable(request);
      throw new AssertionError("accepted");
    } catch (com.alicloud.openservices.tablestore.TableStoreException refusal) {
      expectTrue(refusal.getMessage().contains("contain updateFullRow"), refusal.getMessage());
    }
  }

  private static void otherFamilies() {
    table("no_index");
    ListSearchIndexRequest request = new ListSearchIndexRequest();
    request.setTableName("no_index");
    expect(CLIENT.listSearchIndex(request).getIndexInfos(), List.of());
    expect(CLIENT.asTimeseriesClient().listTimeseriesTable().getTimeseriesTableNames(), List.of());
  }

  private Tables() {}
}
