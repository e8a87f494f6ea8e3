package tableferry.sdk;

import static tableferry.sdk.Harness.*;
import static tableferry.sdk.Ots.*;

import com.alicloud.openservices.tablestore.model.*;
import java.util.ArrayList;
import java.util.List;

/** Secondary indexes: made, read as a table, dropped. */
final class Indexes {
  static void run() {
    test("indexes: create one, read it as a table, drop it", Indexes::createReadDrop);
  }

  private static void createReadDrop() {
    TableMeta meta = meta("indexed", "pk", PrimaryKeyType.STRING);
    meta.addDefinedColumn("town", DefinedColumnType.STRING);
    create(meta);
    IndexMeta index = new IndexMeta("by_town");
    index.addPrimaryKeyColumn("town");
    index.addPrimaryKeyColumn("pk");
    CLIENT.createIndex(new CreateIndexRequest("indexed", index, false));
    put("indexed", "a", "town", "Osaka");
    put("indexed", "b", "town", "Lagos");
    put("indexed", "c", "town", "Osaka");
    expect(CLIENT.describeTable(new DescribeTableRequest("indexed")).getIndexMeta().get(0).getIndexName(), "by_town");
    RangeRowQueryCriteria criteria = new RangeRowQueryCriteria("by_town");
    criteria.setInclusiveStartPrimaryKey(key("town", PrimaryKeyValue.INF_MIN, "pk", PrimaryKeyValue.INF_MIN));
    criteria.setExclusiveEndPrimaryKey(key("town", PrimaryKeyValue.INF_MAX, "pk", PrimaryKeyValue.INF_MAX));
    criteria.setMaxVersions(1);
    List<PrimaryKey> found = new ArrayList<>();
    for (Row row : CLIENT.getRange(new GetRangeRequest(criteria)).getRows()) found.add(row.getPrimaryKey());
    expect(found, List.of(key("town", "Lagos", "pk", "b"), key("town", "Osaka", "pk", "a"), key("town", "Osaka", "pk", "c")));
    CLIENT.deleteIndex(new DeleteIndexRequest("indexed", "by_town"));
    expect(CLIENT.describeTable(new DescribeTableRequest("indexed")).getIndexMeta(), List.of());
  }
}
