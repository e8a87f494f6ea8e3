package tableferry.sdk;

import static tableferry.sdk.Harness.notYet;
import static tableferry.sdk.Ots.*;

import com.alicloud.openservices.tablestore.TimeseriesClient;
import com.alicloud.openservices.tablestore.model.*;
import com.alicloud.openservices.tablestore.model.delivery.ListDeliveryTaskRequest;
import com.alicloud.openservices.tablestore.model.search.*;
import com.alicloud.openservices.tablestore.model.search.query.QueryBuilders;
import com.alicloud.openservices.tablestore.model.sql.SQLQueryRequest;
import com.alicloud.openservices.tablestore.model.timeseries.*;
import java.util.List;

/** Calls the embedded store does not have yet. */
final class NotYet {
  static void run() {
    notYet("CreateSearchIndex", NotYet::createSearchIndex);
    notYet("DescribeSearchIndex", NotYet::describeSearchIndex);
    notYet("DeleteSearchIndex", NotYet::deleteSearchIndex);
    notYet("Search", () -> CLIENT.search(new SearchRequest("t", "i", SearchQuery.newBuilder().query(QueryBuilders.matchAll()).build())));
    notYet("ComputeSplits", NotYet::computeSplits);
    notYet("SQLQuery", () -> CLIENT.sqlQuery(new SQLQueryRequest("select 1")));
    notYet("ListDeliveryTask", NotYet::listDeliveryTask);
    TimeseriesClient timeseries = CLIENT.asTimeseriesClient();
    notYet("CreateTimeseriesTable", () -> timeseries.createTimeseriesTable(new CreateTimeseriesTableRequest(new TimeseriesTableMeta("t"))));
    notYet("DescribeTimeseriesTable", () -> timeseries.describeTimeseriesTable(new DescribeTimeseriesTableRequest("t")));
    notYet("DeleteTimeseriesTable", () -> timeseries.deleteTimeseriesTable(new DeleteTimeseriesTableRequest("t")));
  }

  private static void createSearchIndex() {
    CreateSearchIndexRequest request = new CreateSearchIndexRequest("t", "i");
    IndexSchema schema = new IndexSchema();
    schema.setFieldSchemas(List.of(new FieldSchema("c", FieldType.KEYWORD)));
    request.setIndexSchema(schema);
    CLIENT.createSearchIndex(request);
  }

  private static void describeSearchIndex() {
    DescribeSearchIndexRequest request = new DescribeSearchIndexRequest();
    request.setTableName("t");
    request.setIndexName("i");
    CLIENT.describeSearchIndex(request);
  }

  private static void deleteSearchIndex() {
    DeleteSearchIndexRequest request = new DeleteSearchIndexRequest();
    request.setTableName("t");
    request.setIndexName("i");
    CLIENT.deleteSearchIndex(request);
  }

  private static void computeSplits() {
    ComputeSplitsRequest request = new ComputeSplitsRequest();
    request.setTableName("t");
    request.setSplitsOptions(new SearchIndexSplitsOptions("i"));
    CLIENT.computeSplits(request);
  }

  private static void listDeliveryTask() {
    CLIENT.listDeliveryTask(new ListDeliveryTaskRequest("t"));
  }

  private NotYet() {}
}
