package tableferry.sdk;

import com.alicloud.openservices.tablestore.ClientConfiguration;
import com.alicloud.openservices.tablestore.SyncClient;
import com.alicloud.openservices.tablestore.TunnelClient;
import com.alicloud.openservices.tablestore.model.*;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** The SDK pointed at the server of the environment, and short words for what cases build most. */
final class Ots {
  static final String ENDPOINT = System.getenv("TABLESTORE_ENDPOINT");
  static final String INSTANCE = System.getenv("TABLESTORE_INSTANCE");
  static final String KEY_ID = System.getenv("TABLESTORE_ACCESS_KEY_ID");
  static final String KEY_SECRET = System.getenv("TABLESTORE_ACCESS_KEY_SECRET");
  static final SyncClient CLIENT = connect(configuration -> {});

  /** Without retries, so that a case sees what the server said the first time; replies are validated, their MD5 too. */
  static SyncClient connect(Consumer<ClientConfiguration> change) {
    return new SyncClient(ENDPOINT, KEY_ID, KEY_SECRET, INSTANCE, configuration(change), null);
  }

  static ClientConfiguration configuration(Consumer<ClientConfiguration> change) {
    ClientConfiguration configuration = new ClientConfiguration();
    configuration.setRetryStrategy(new NoRetryStrategy());
    configuration.setEnableResponseContentMD5Checking(true);
    change.accept(configuration);
    return configuration;
  }

  static TunnelClient tunnelClient() {
    return new TunnelClient(ENDPOINT, KEY_ID, KEY_SECRET, INSTANCE);
  }

  static TableMeta meta(String table, Object... key) {
    TableMeta meta = new TableMeta(table);
    for (int i = 0; i < key.length; i += 2) meta.addPrimaryKeyColumn((String) key[i], (PrimaryKeyType) key[i + 1]);
    return meta;
  }

  /** A table of one string key `pk`, as most cases want it. */
  static String table(String name) {
    return table(name, request -> {});
  }

  static String table(String name, Consumer<CreateTableRequest> change) {
    return create(meta(name, "pk", PrimaryKeyType.STRING), new TableOptions(-1, 1), change);
  }

  static String create(TableMeta meta) {
    return create(meta, new TableOptions(-1, 1), request -> {});
  }

  static String create(TableMeta meta, TableOptions options, Consumer<CreateTableRequest> change) {
    CreateTableRequest request = new CreateTableRequest(meta, options);
    change.accept(request);
    CLIENT.createTable(request);
    return meta.getTableName();
  }

  /** For cases of which others must have room: an instance holds 64 tables. */
  static void drop(String table) {
    CLIENT.deleteTable(new DeleteTableRequest(table));
  }

  static PrimaryKey key(Object... parts) {
    List<PrimaryKeyColumn> columns = new ArrayList<>();
    for (int i = 0; i < parts.length; i += 2) columns.add(new PrimaryKeyColumn((String) parts[i], keyValue(parts[i + 1])));
    return new PrimaryKey(columns);
  }

  static PrimaryKeyValue keyValue(Object value) {
    if (value instanceof PrimaryKeyValue ready) return ready;
    if (value instanceof String text) return PrimaryKeyValue.fromString(text);
    if (value instanceof byte[] bytes) return PrimaryKeyValue.fromBinary(bytes);
    return PrimaryKeyValue.fromLong(((Number) value).longValue());
  }

  static ColumnValue value(Object value) {
    if (value instanceof ColumnValue ready) return ready;
    if (value instanceof String text) return ColumnValue.fromString(text);
    if (value instanceof byte[] bytes) return ColumnValue.fromBinary(bytes);
    if (value instanceof Boolean bit) return ColumnValue.fromBoolean(bit);
    if (value instanceof Double number) return ColumnValue.fromDouble(number);
    return ColumnValue.fromLong(((Number) value).longValue());
  }

  static RowPutChange putChange(String table, PrimaryKey key, Object... cells) {
    RowPutChange change = new RowPutChange(table, key);
    for (int i = 0; i < cells.length; i += 2) change.addColumn((String) cells[i], value(cells[i + 1]));
    return change;
  }

  static RowUpdateChange updateChange(String table, PrimaryKey key, Object... cells) {
    RowUpdateChange change = new RowUpdateChange(table, key);
    for (int i = 0; i < cells.length; i += 2) change.put((String) cells[i], value(cells[i + 1]));
    return change;
  }

  static PutRowResponse put(String table, String key, Object... cells) {
    return put(putChange(table, key("pk", key), cells));
  }

  static PutRowResponse put(RowPutChange change) {
    return CLIENT.putRow(new PutRowRequest(change));
  }

  static DeleteRowResponse delete(RowDeleteChange change) {
    return CLIENT.deleteRow(new DeleteRowRequest(change));
  }

  static UpdateRowResponse update(RowUpdateChange change) {
    return CLIENT.updateRow(new UpdateRowRequest(change));
  }

  static Row get(String table, PrimaryKey key) {
    return get(table, key, criteria -> criteria.setMaxVersions(1));
  }

  static Row get(String table, PrimaryKey key, Consumer<SingleRowQueryCriteria> change) {
    SingleRowQueryCriteria criteria = new SingleRowQueryCriteria(table, key);
    change.accept(criteria);
    return CLIENT.getRow(new GetRowRequest(criteria)).getRow();
  }

  /** The newest value of each column as text, in the order of the reply; null without a row. */
  static Map<String, String> values(Row row) {
    if (row == null) return null;
    Map<String, String> newest = new LinkedHashMap<>();
    for (Column column : row.getColumns()) newest.putIfAbsent(column.getName(), column.getValue().toString());
    return newest;
  }

  static RangeRowQueryCriteria range(String table, Direction direction, PrimaryKey start, PrimaryKey end) {
    RangeRowQueryCriteria criteria = new RangeRowQueryCriteria(table);
    criteria.setDirection(direction);
    criteria.setInclusiveStartPrimaryKey(start);
    criteria.setExclusiveEndPrimaryKey(end);
    criteria.setMaxVersions(1);
    return criteria;
  }

  private Ots() {}
}
