package tableferry.sdk;

import static tableferry.sdk.Harness.*;
import static tableferry.sdk.Ots.*;

import com.alicloud.openservices.tablestore.model.*;
import com.alicloud.openservices.tablestore.model.tunnel.BulkExportQueryCriteria;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Rows in bulk: imported, and exported in both layouts by the SDK's own readers. */
final class Bulk {
  static void run() {
    test("bulk: 200 rows imported, one of them refused in its place", Bulk::imported);
    test("bulk: exported as a matrix of every type", Bulk::matrix);
    test("bulk: a matrix without rows is a whole block", Bulk::emptyMatrix);
    test("bulk: exported as PlainBuffer", Bulk::plainBuffer);
    test("bulk: pages of a matrix follow each other", Bulk::pages);
    test("bulk: a matrix without columns is refused", Bulk::withoutColumns);
  }

  private static BulkExportQueryCriteria all(String table, DataBlockType type, String... columns) {
    BulkExportQueryCriteria criteria = new BulkExportQueryCriteria(table);
    criteria.setInclusiveStartPrimaryKey(key("pk", PrimaryKeyValue.INF_MIN));
    criteria.setExclusiveEndPrimaryKey(key("pk", PrimaryKeyValue.INF_MAX));
    criteria.setDataBlockType(type);
    criteria.addColumnsToGet(columns);
    return criteria;
  }

  private static SimpleRowMatrixBlockParser parsed(String table, String... columns) {
    BulkExportRequest request = new BulkExportRequest(all(table, DataBlockType.DBT_SIMPLE_ROW_MATRIX, columns));
    return new SimpleRowMatrixBlockParser(CLIENT.bulkExport(request).getRows());
  }

  private static void importRows(String table, int from, int count) {
    BulkImportRequest request = new BulkImportRequest(table);
    for (int at = from; at < from + count; at++) request.addRowChange(putChange(table, key("pk", String.format("k%05d", at)), "c", at));
    expect(CLIENT.bulkImport(request).isAllSucceed(), true);
  }

  private static void imported() {
    TableMeta meta = meta("bulk_import", "pk", PrimaryKeyType.STRING);
    meta.addDefinedColumn("c", DefinedColumnType.INTEGER);
    create(meta);
    BulkImportRequest request = new BulkImportRequest("bulk_import");
    for (int at = 0; at < 200; at++) request.addRowChange(putChange("bulk_import", key("pk", "k" + at), "c", at == 7 ? "text" : at));
    List<BulkImportResponse.RowResult> failed = CLIENT.bulkImport(request).getFailedRows();
    expect(failed.size(), 1);
    expect(failed.get(0).getIndex(), 7);
    expect(failed.get(0).getError().getMessage(), "Invalid column type for column c expect VT_INTEGER actual VT_STRING");
    expect(values(get("bulk_import", key("pk", "k199"))), Map.of("c", "199"));
    drop("bulk_import");
  }

  private static void matrix() {
    table("bulk_matrix");
    put("bulk_matrix", "a", "n", 5, "d", 1.5, "b", true, "s", "é", "x", new byte[] {0, -1}, "other", 1);
    put("bulk_matrix", "b", "n", -1);
    SimpleRowMatrixBlockParser rows = parsed("bulk_matrix", "n", "d", "b", "s", "x");
    List<String> fields = List.of(rows.parseFieldNames());
    expect(fields.get(0), "pk");
    expect(fields.size(), 6);
    expect(rows.getRowCount(), 2);
    expect(rows.hasEntirePrimaryKeys(), true);
    rows.next();
    expect(rows.getString(0), "a");
    expect(rows.getLong(fields.indexOf("n")), 5L);
    expect(rows.getDouble(fields.indexOf("d")), 1.5);
    expect(rows.getBoolean(fields.indexOf("b")), true);
    expect(rows.getString(fields.indexOf("s")), "é");
    expect(rows.getBinary(fields.indexOf("x"))[1], (byte) -1);
    rows.next();
    expect(rows.getLong(fields.indexOf("n")), -1L);
    expect(rows.isNull(fields.indexOf("s")), true);
    expect(rows.hasNext(), false);
    drop("bulk_matrix");
  }

  private static void emptyMatrix() {
    table("bulk_empty");
    SimpleRowMatrixBlockParser rows = parsed("bulk_empty", "c");
    expect(rows.getRowCount(), 0);
    expect(rows.hasNext(), false);
    drop("bulk_empty");
  }

  private static void plainBuffer() {
    table("bulk_plain");
    importRows("bulk_plain", 0, 3);
    List<String> found = new ArrayList<>();
    new PlainBufferBlockRowIterator(CLIENT, all("bulk_plain", DataBlockType.DBT_PLAIN_BUFFER, "c")).forEachRemaining(row -> found.add(values(row).get("c")));
    expect(found, List.of("0", "1", "2"));
    drop("bulk_plain");
  }

  private static void pages() {
    table("bulk_pages");
    for (int from = 0; from < 5200; from += 200) importRows("bulk_pages", from, 200);
    SimpleRowMatrixBlockRowIterator rows =
        new SimpleRowMatrixBlockRowIterator(CLIENT, all("bulk_pages", DataBlockType.DBT_SIMPLE_ROW_MATRIX, "c"), false);
    long expected = 0;
    for (; rows.hasNext(); expected++) {
      rows.next();
      expect(rows.getLong("c"), expected);
    }
    expect(expected, 5200L);
    drop("bulk_pages");
  }

  private static void withoutColumns() throws Exception {
    table("bulk_none");
    String text = "DBT_SIMPLE_ROW_MATRIX need at least one column to get.";
    refused("OTSParameterInvalid", text, () -> parsed("bulk_none"));
    drop("bulk_none");
  }

  private Bulk() {}
}
