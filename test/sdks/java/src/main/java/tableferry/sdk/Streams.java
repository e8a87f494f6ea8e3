package tableferry.sdk;

import static tableferry.sdk.Harness.*;
import static tableferry.sdk.Ots.*;

import com.alicloud.openservices.tablestore.model.*;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** The Stream API, end to end. */
final class Streams {
  static void run() {
    test("streams: records of every kind, in order, with their sequence", Streams::records);
    test("streams: a reader that has caught up keeps its iterator", Streams::caughtUp);
    test("streams: pages of a limit, and an iterator by time", Streams::pages);
    test("streams: original columns", Streams::originColumns);
    test("streams: a partition split, parents before children, in order per key", Streams::split);
    test("streams: an unknown stream", Streams::unknown);
  }

  static String streamed(String name, String... originColumns) {
    return table(name, request -> {
      StreamSpecification stream = new StreamSpecification(true, 24);
      stream.addOriginColumnsToGet(originColumns);
      request.setStreamSpecification(stream);
    });
  }

  private static String streamOf(String table) {
    List<Stream> streams = CLIENT.listStream(new ListStreamRequest(table)).getStreams();
    expect(streams.size(), 1);
    expect(streams.get(0).getTableName(), table);
    return streams.get(0).getStreamId();
  }

  private static List<StreamShard> shardsOf(String stream) {
    return CLIENT.describeStream(new DescribeStreamRequest(stream)).getShards();
  }

  private static String iterator(String stream, StreamShard shard) {
    return CLIENT.getShardIterator(new GetShardIteratorRequest(stream, shard.getShardId())).getShardIterator();
  }

  /** All records of a shard until it has nothing more for now, or for ever. */
  private static List<StreamRecord> readAll(String iterator) {
    List<StreamRecord> records = new ArrayList<>();
    for (String at = iterator, next; at != null; at = next) {
      GetStreamRecordResponse page = CLIENT.getStreamRecord(new GetStreamRecordRequest(at));
      records.addAll(page.getRecords());
      next = page.getNextShardIterator();
      if (at.equals(next)) break;
    }
    return records;
  }

  private static List<StreamRecord> onlyShard(String table) {
    String stream = streamOf(table);
    List<StreamShard> shards = shardsOf(stream);
    expect(shards.size(), 1);
    return readAll(iterator(stream, shards.get(0)));
  }

  static String shown(StreamRecord record) {
    return record.getRecordType() + " " + record.getPrimaryKey().getPrimaryKeyColumn("pk").getValue().asString() + " "
        + record.getColumns().stream().map(Streams::shown).collect(Collectors.joining(","));
  }

  static String shownOrigin(StreamRecord record) {
    return record.getOriginColumns().stream().map(Streams::shown).collect(Collectors.joining(","));
  }

  private static String shown(RecordColumn change) {
    String name = change.getColumn().getName();
    if (change.getColumnType() == RecordColumn.ColumnType.PUT) return name + "=" + change.getColumn().getValue();
    return name + " " + change.getColumnType();
  }

  private static void records() {
    streamed("recorded");
    PrimaryKey key = key("pk", "a");
    long at = System.currentTimeMillis();
    put("recorded", "a", "n", 1, "b", "x");
    update(new RowUpdateChange("recorded", key).put("c", value(2), at));
    RowUpdateChange deletes = new RowUpdateChange("recorded", key).deleteColumn("c", at).deleteColumns("b");
    deletes.increment(new Column("n", value(4)));
    update(deletes);
    put("recorded", "a", "d", 1);
    CLIENT.deleteRow(new DeleteRowRequest(new RowDeleteChange("recorded", key)));
    List<StreamRecord> records = onlyShard("recorded");
    expect(records.stream().map(Streams::shown).toList(), List.of(
        "PUT a b=x,n=1", "UPDATE a c=2", "UPDATE a b DELETE_ALL_VERSION,c DELETE_ONE_VERSION,n=5", "PUT a d=1", "DELETE a "));
    expectOrder(records);
  }

  static void expectOrder(List<StreamRecord> records) {
    for (int i = 1; i < records.size(); i++) {
      expectTrue(before(records.get(i - 1).getSequenceInfo(), records.get(i).getSequenceInfo()), "sequences grow");
    }
  }

  private static boolean before(RecordSequenceInfo a, RecordSequenceInfo b) {
    if (a.getEpoch() != b.getEpoch()) return a.getEpoch() < b.getEpoch();
    return a.getTimestamp() != b.getTimestamp() ? a.getTimestamp() < b.getTimestamp() : a.getRowIndex() < b.getRowIndex();
  }

  private static void caughtUp() {
    streamed("quiet");
    put("quiet", "a", "c", 1);
    String stream = streamOf("quiet");
    GetStreamRecordResponse first = CLIENT.getStreamRecord(new GetStreamRecordRequest(iterator(stream, shardsOf(stream).get(0))));
    expect(first.getRecords().size(), 1);
    GetStreamRecordResponse second = CLIENT.getStreamRecord(new GetStreamRecordRequest(first.getNextShardIterator()));
    expect(second.getRecords(), List.of());
    expect(second.getNextShardIterator(), first.getNextShardIterator());
    put("quiet", "b", "c", 2);
    expect(readAll(second.getNextShardIterator()).stream().map(Streams::shown).toList(), List.of("PUT b c=2"));
  }

  private static void pages() throws Exception {
    streamed("paged");
    for (int i = 0; i < 25; i++) put("paged", "k" + i, "c", i);
    Thread.sleep(5);
    long half = System.currentTimeMillis() * 1000;
    for (int i = 25; i < 40; i++) put("paged", "k" + i, "c", i);
    String stream = streamOf("paged");
    StreamShard shard = shardsOf(stream).get(0);
    GetStreamRecordRequest request = new GetStreamRecordRequest(iterator(stream, shard));
    request.setLimit(10);
    GetStreamRecordResponse page = CLIENT.getStreamRecord(request);
    expect(page.getRecords().size(), 10);
    expect(readAll(page.getNextShardIterator()).size(), 30);
    GetShardIteratorRequest late = new GetShardIteratorRequest(stream, shard.getShardId());
    late.setTimestamp(half);
    List<StreamRecord> after = readAll(CLIENT.getShardIterator(late).getShardIterator());
    expect(after.stream().map(record -> record.getColumns().get(0).getColumn().getValue().asLong()).toList(),
        java.util.stream.LongStream.range(25, 40).boxed().toList());
  }

  private static void originColumns() {
    streamed("imaged", "state", "level");
    put("imaged", "a", "state", "new", "other", 1);
    update(updateChange("imaged", key("pk", "a"), "state", "old", "level", 2));
    CLIENT.deleteRow(new DeleteRowRequest(new RowDeleteChange("imaged", key("pk", "a"))));
    expect(onlyShard("imaged").stream().map(Streams::shownOrigin).toList(), List.of("", "state=new", "level=2,state=old"));
  }

  private static void split() throws Exception {
    streamed("parted");
    Map<String, List<Long>> seen = new LinkedHashMap<>();
    for (int round = 0; round < 3; round++) {
      for (int i = 0; i < 20; i++) put("parted", String.format("k%02d", i), "n", round);
      if (round < 2) ask("splitPartition", "table", "parted", "key", round == 0 ? "k10" : "k05");
    }
    String stream = streamOf("parted");
    List<StreamShard> shards = shardsOf(stream);
    expect(shards.size(), 5);
    Set<String> read = new HashSet<>();
    for (int left = shards.size(); left > 0; left = shards.size() - read.size()) {
      for (StreamShard shard : shards) {
        boolean waits = shard.getParentId() != null && !shard.getParentId().isEmpty() && !read.contains(shard.getParentId());
        if (waits || !read.add(shard.getShardId())) continue;
        for (StreamRecord record : readAll(iterator(stream, shard))) {
          String key = record.getPrimaryKey().getPrimaryKeyColumn("pk").getValue().asString();
          seen.computeIfAbsent(key, k -> new ArrayList<>()).add(record.getColumns().get(0).getColumn().getValue().asLong());
        }
      }
      expectTrue(shards.size() - read.size() < left, "every shard has parents that were read");
    }
    expect(seen.size(), 20);
    expect(new HashSet<>(seen.values()), Set.of(List.of(0L, 1L, 2L)));
  }

  private static void unknown() {
    try {
      CLIENT.describeStream(new DescribeStreamRequest("nothing"));
      throw new AssertionError("accepted");
    } catch (com.alicloud.openservices.tablestore.TableStoreException refusal) {
      expectTrue(refusal.getMessage().startsWith("Invalid stream id"), refusal.getMessage());
    }
  }

  private Streams() {}
}
