package tableferry.sdk;

import static tableferry.sdk.Harness.*;
import static tableferry.sdk.Ots.*;

import com.alicloud.openservices.tablestore.model.*;
import com.alicloud.openservices.tablestore.model.condition.*;
import com.alicloud.openservices.tablestore.model.filter.*;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Single rows: put, get, update, delete with every option the SDK has. */
final class Rows {
  private static final String WRONG = "OTSParameterInvalid";

  static void run() {
    test("rows: every type of key and value comes back as it went", Rows::types);
    test("rows: existence conditions", Rows::existence);
    test("rows: conditions on columns, single and composite", Rows::columnConditions);
    test("rows: columns to get, first and last column", Rows::columns);
    test("rows: filters, by value, by regular expression, by existence, paged columns", Rows::filters);
    test("rows: the iterator over a wide row", Rows::wideRow);
    test("rows: versions, by number, range and the one; deleted one by one and all", Rows::versions);
    test("rows: increments, and the values they give", Rows::increments);
    test("rows: an auto-increment key is chosen by the server and told", Rows::autoIncrement);
    test("rows: what may not be done with an auto-increment key", Rows::autoIncrementRefusals);
    test("rows: an update that may not be", Rows::updateForbidden);
    test("rows: the type of a defined column", Rows::definedColumn);
    test("rows: keys that do not fit the table", Rows::wrongKeys);
    test("rows: limits and their texts", Rows::limits);
  }

  private static void types() {
    create(meta("types", "s", PrimaryKeyType.STRING, "i", PrimaryKeyType.INTEGER, "b", PrimaryKeyType.BINARY));
    PrimaryKey key = key("s", "schlüssel 表", "i", Long.MIN_VALUE, "b", new byte[] {0, -1});
    byte[] bytes = new byte[256];
    for (int i = 0; i < 256; i++) bytes[i] = (byte) i;
    RowPutChange change = putChange("types", key, "text", "grüße 表格存储 \uD83D\uDE00", "empty", "", "largest", Long.MAX_VALUE);
    change.addColumn("double", value(-3.25)).addColumn("yes", value(true)).addColumn("bytes", value(bytes));
    PutRowResponse put = put(change);
    expect(put.getConsumedCapacity().getCapacityUnit(), new CapacityUnit(0, 1));
    SingleRowQueryCriteria criteria = new SingleRowQueryCriteria("types", key);
    criteria.setMaxVersions(1);
    GetRowResponse got = CLIENT.getRow(new GetRowRequest(criteria));
    expect(got.getConsumedCapacity().getCapacityUnit(), new CapacityUnit(1, 0));
    expect(got.getRow().getPrimaryKey(), key);
    for (Column sent : change.getColumnsToPut()) expect(got.getRow().getLatestColumn(sent.getName()).getValue(), sent.getValue());
    expect(names(got.getRow()), List.of("bytes", "double", "empty", "largest", "text", "yes"));
    expect(get("types", key("s", "", "i", 0, "b", new byte[0])), null);
  }

  private static void existence() throws Exception {
    table("existence");
    RowPutChange put = putChange("existence", key("pk", "a"), "c", 1);
    put.setCondition(new Condition(RowExistenceExpectation.EXPECT_EXIST));
    failed(() -> put(put));
    put.setCondition(new Condition(RowExistenceExpectation.EXPECT_NOT_EXIST));
    put(put);
    failed(() -> put(put));
    RowDeleteChange delete = new RowDeleteChange("existence", key("pk", "a"));
    delete.setCondition(new Condition(RowExistenceExpectation.EXPECT_EXIST));
    delete(delete);
    failed(() -> delete(delete));
    delete.setCondition(new Condition(RowExistenceExpectation.IGNORE));
    delete(delete);
  }

  private static void failed(Body call) throws Exception {
    refused("OTSConditionCheckFail", "Condition check failed.", call);
  }

  private static void columnConditions() throws Exception {
    table("conditions");
    put("conditions", "a", "n", 5, "s", "x");
    SingleColumnValueCondition is5 = new SingleColumnValueCondition("n", SingleColumnValueCondition.CompareOperator.EQUAL, value(5));
    SingleColumnValueCondition under5 = new SingleColumnValueCondition("n", SingleColumnValueCondition.CompareOperator.LESS_THAN, value(5));
    SingleColumnValueCondition gone = new SingleColumnValueCondition("gone", SingleColumnValueCondition.CompareOperator.EQUAL, value(1));
    expect(updateIf(is5).getConsumedCapacity().getCapacityUnit(), new CapacityUnit(1, 1));
    failed(() -> updateIf(under5));
    updateIf(gone.setPassIfMissing(true));
    failed(() -> updateIf(gone.setPassIfMissing(false)));
    updateIf(composite(CompositeColumnValueCondition.LogicOperator.NOT, under5));
    updateIf(composite(CompositeColumnValueCondition.LogicOperator.OR, gone, is5));
    failed(() -> updateIf(composite(CompositeColumnValueCondition.LogicOperator.AND, gone, is5)));
  }

  private static ColumnCondition composite(CompositeColumnValueCondition.LogicOperator operator, ColumnCondition... parts) {
    CompositeColumnValueCondition composite = new CompositeColumnValueCondition(operator);
    for (ColumnCondition part : parts) composite.addCondition(part);
    return composite;
  }

  private static UpdateRowResponse updateIf(ColumnCondition condition) {
    RowUpdateChange change = updateChange("conditions", key("pk", "a"), "touched", true);
    Condition both = new Condition(RowExistenceExpectation.EXPECT_EXIST);
    both.setColumnCondition(condition);
    change.setCondition(both);
    return update(change);
  }

  private static void columns() {
    table("columns");
    put("columns", "a", "a", 1, "b", 2, "c", 3, "d", 4, "e", 5);
    expect(names(latest("columns", c -> c.addColumnsToGet(new String[] {"b", "e", "b", "none"}))), List.of("b", "e"));
    Row between = latest("columns", c -> {
      c.setStartColumn("b");
      c.setEndColumn("d");
    });
    expect(names(between), List.of("b", "c"));
    expect(latest("columns", c -> c.addColumnsToGet("none")), null);
  }

  /** The row `a`, newest versions only. */
  private static Row latest(String table, Consumer<SingleRowQueryCriteria> change) {
    return get(table, key("pk", "a"), criteria -> {
      criteria.setMaxVersions(1);
      change.accept(criteria);
    });
  }

  private static List<String> names(Row row) {
    return Stream.of(row.getColumns()).map(Column::getName).toList();
  }

  private static void filters() {
    table("filters");
    put("filters", "a", "n", 7, "s", "t1:{name:zs,age:23}", "x", 1, "y", 2);
    expect(passes(new SingleColumnValueFilter("n", SingleColumnValueFilter.CompareOperator.GREATER_EQUAL, value(7))), true);
    expect(passes(new SingleColumnValueFilter("n", SingleColumnValueFilter.CompareOperator.GREATER_THAN, value(7))), false);
    SingleColumnValueFilter missing = new SingleColumnValueFilter("none", SingleColumnValueFilter.CompareOperator.EQUAL, value(7));
    expect(passes(missing), true);
    expect(passes(missing.setPassIfMissing(false)), false);
    RegexRule age = new RegexRule("age:([0-9]+)", RegexRule.CastType.VT_INTEGER);
    expect(passes(new SingleColumnValueRegexFilter("s", age, SingleColumnValueRegexFilter.CompareOperator.GREATER_THAN, value(22))), true);
    expect(passes(new SingleColumnValueRegexFilter("s", age, SingleColumnValueRegexFilter.CompareOperator.GREATER_THAN, value(23))), false);
    expect(passes(new SingleColumnValueRegexFilter("n", SingleColumnValueRegexFilter.CompareOperator.EXIST)), true);
    expect(passes(new SingleColumnValueRegexFilter("n", SingleColumnValueRegexFilter.CompareOperator.NOT_EXIST)), false);
    expect(passes(new SingleColumnValueRegexFilter("none", SingleColumnValueRegexFilter.CompareOperator.NOT_EXIST)), true);
    expect(names(latest("filters", c -> c.setFilter(new ColumnPaginationFilter(2, 1)))), List.of("s", "x"));
  }

  private static boolean passes(Filter filter) {
    return latest("filters", criteria -> criteria.setFilter(filter)) != null;
  }

  private static void wideRow() {
    table("wide");
    for (int part = 0; part < 3; part++) {
      RowUpdateChange change = new RowUpdateChange("wide", key("pk", "a"));
      for (int i = 0; i < 1000; i++) change.put(String.format("c%04d", part * 1000 + i), value(i));
      update(change);
    }
    SingleRowQueryCriteria criteria = new SingleRowQueryCriteria("wide", key("pk", "a"));
    criteria.setMaxVersions(1);
    WideColumnIterator iterator = CLIENT.createWideColumnIterator(new GetRowRequest(criteria));
    List<String> seen = new ArrayList<>();
    while (iterator.hasNextColumn()) seen.add(iterator.nextColumn().getName());
    expect(seen, IntStream.range(0, 3000).mapToObj(i -> String.format("c%04d", i)).toList());
  }

  private static void versions() {
    create(meta("versions", "pk", PrimaryKeyType.STRING), new TableOptions(-1, 3), r -> {});
    PrimaryKey key = key("pk", "a");
    long now = System.currentTimeMillis();
    for (int age = 4; age > 0; age--) update(new RowUpdateChange("versions", key).put("c", value(age), now - age));
    expect(ages(now, get("versions", key, c -> c.setMaxVersions(9))), List.of(1L, 2L, 3L));
    expect(ages(now, get("versions", key, c -> c.setTimeRange(new TimeRange(now - 3, now - 1)))), List.of(2L, 3L));
    expect(ages(now, get("versions", key, c -> c.setTimestamp(now - 2))), List.of(2L));
    update(new RowUpdateChange("versions", key).deleteColumn("c", now - 2));
    expect(ages(now, get("versions", key, c -> c.setMaxVersions(9))), List.of(1L, 3L));
    update(new RowUpdateChange("versions", key).deleteColumns("c"));
    Row left = get("versions", key, c -> c.setMaxVersions(9));
    expect(left == null ? "none" : left.getColumns().length, 0);
  }

  private static List<Long> ages(long now, Row row) {
    return Stream.of(row.getColumns()).map(column -> now - column.getTimestamp()).toList();
  }

  private static void increments() throws Exception {
    table("increments");
    RowUpdateChange first = new RowUpdateChange("increments", key("pk", "a"));
    first.increment(new Column("n", value(40)));
    update(first);
    RowUpdateChange second = updateChange("increments", key("pk", "a"), "other", "x");
    second.increment(new Column("n", value(2)));
    second.setReturnType(ReturnType.RT_AFTER_MODIFY);
    second.addReturnColumn("n");
    Row told = update(second).getRow();
    expect(values(told), Map.of("n", "42"));
    expect(values(get("increments", key("pk", "a"))), Map.of("n", "42", "other", "x"));
    RowUpdateChange wrong = new RowUpdateChange("increments", key("pk", "a"));
    wrong.increment(new Column("other", value(1)));
    try {
      update(wrong);
      throw new AssertionError("accepted");
    } catch (com.alicloud.openservices.tablestore.TableStoreException refusal) {
      expect(refusal.getErrorCode(), WRONG);
    }
  }

  private static String numbered(String name) {
    TableMeta meta = meta(name, "pk", PrimaryKeyType.STRING);
    meta.addAutoIncrementPrimaryKeyColumn("id");
    return create(meta);
  }

  private static void autoIncrement() {
    numbered("numbered");
    long last = 0;
    for (int i = 0; i < 3; i++) {
      RowPutChange change = putChange("numbered", key("pk", "a", "id", PrimaryKeyValue.AUTO_INCREMENT), "value", i);
      change.setReturnType(ReturnType.RT_PK);
      Row told = put(change).getRow();
      long id = told.getPrimaryKey().getPrimaryKeyColumn("id").getValue().asLong();
      expectTrue(id > last, "ids grow");
      expect(values(get("numbered", told.getPrimaryKey())), Map.of("value", String.valueOf(i)));
      last = id;
    }
  }

  private static void autoIncrementRefusals() throws Exception {
    numbered("unnumbered");
    PrimaryKey given = key("pk", "a", "id", 5);
    PrimaryKey chosen = key("pk", "a", "id", PrimaryKeyValue.AUTO_INCREMENT);
    refused(WRONG, "PKAutoIncr can't be used for read operations.", () -> get("unnumbered", chosen));
    RowDeleteChange delete = new RowDeleteChange("unnumbered", chosen);
    refused(WRONG, "Invalid row to delete which with pk auto increment.", () -> delete(delete));
    RowPutChange put = putChange("unnumbered", given, "c", 1);
    put.setCondition(new Condition(RowExistenceExpectation.EXPECT_NOT_EXIST));
    try {
      put(put);
      throw new AssertionError("accepted");
    } catch (com.alicloud.openservices.tablestore.TableStoreException refusal) {
      expectTrue(refusal.getMessage().endsWith("when modify a specific row for table with pk auto increment."), refusal.getMessage());
    }
  }

  private static void updateForbidden() {
    TableOptions options = new TableOptions(-1, 1);
    options.setAllowUpdate(false);
    create(meta("frozen", "pk", PrimaryKeyType.STRING), options, r -> {});
    put("frozen", "a", "c", 1);
    put("frozen", "a", "c", 2);
    try {
      update(updateChange("frozen", key("pk", "a"), "c", 3));
      throw new AssertionError("accepted");
    } catch (com.alicloud.openservices.tablestore.TableStoreException refusal) {
      expect(refusal.getErrorCode(), WRONG);
    }
  }

  private static void definedColumn() throws Exception {
    TableMeta meta = meta("defined", "pk", PrimaryKeyType.STRING);
    meta.addDefinedColumn("DC2", DefinedColumnType.INTEGER);
    create(meta);
    put("defined", "a", "DC2", 5, "free", "x");
    refused(WRONG, "Invalid column type for column DC2 expect VT_INTEGER actual VT_BLOB", () -> put("defined", "a", "DC2", new byte[] {1}));
  }

  private static void wrongKeys() throws Exception {
    create(meta("keyed", "pk", PrimaryKeyType.INTEGER));
    refused("OTSInvalidPK", "Validate PK name fail. Input: PK2, Meta: pk.", () -> get("keyed", key("PK2", 1)));
    refused("OTSInvalidPK", "Validate PK type fail. Input: VT_STRING, Meta: VT_INTEGER.", () -> get("keyed", key("pk", "a")));
    refused("OTSInvalidPK", "Validate PK size fail. Input: 2, Meta: 1.", () -> get("keyed", key("pk", 1, "q", 1)));
    refused(WRONG, "VT_INF_MIN is an invalid type for the primary key.", () -> get("keyed", key("pk", PrimaryKeyValue.INF_MIN)));
  }

  private static void limits() throws Exception {
    table("limits");
    String longCell = "The length of attribute column: 'attr' exceeds the MaxLength:2097152 with CurrentLength:2097153.";
    refused(WRONG, longCell, () -> put("limits", "a", "attr", "x".repeat(2097153)));
    String longKey = "The length of primary key column: 'pk' exceeds the MaxLength:1024 with CurrentLength:1025.";
    refused(WRONG, longKey, () -> put("limits", "k".repeat(1025), "c", 1));
    RowPutChange many = putChange("limits", key("pk", "a"));
    for (int i = 0; i < 1025; i++) many.addColumn("c" + i, value(i));
    refused(WRONG, "The number of attribute columns exceeds the limit, limit count: 1024, column count: 1025.", () -> put(many));
    RowUpdateChange late = new RowUpdateChange("limits", key("pk", "a")).put("c", value(1), Long.MAX_VALUE);
    refused(WRONG, "Timestamp must be in range [0, INT64_MAX/1000).", () -> update(late));
    put("limits", "a", "attr", "x".repeat(2097152));
    expect(values(get("limits", key("pk", "a"))).get("attr").length(), 2097152);
  }

  private Rows() {}
}
