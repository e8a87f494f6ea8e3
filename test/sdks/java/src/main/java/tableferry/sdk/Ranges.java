package tableferry.sdk;

import static tableferry.sdk.Harness.*;
import static tableferry.sdk.Ots.*;

import com.alicloud.openservices.tablestore.model.*;
import com.alicloud.openservices.tablestore.model.filter.SingleColumnValueFilter;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.stream.IntStream;

/** Ranges: both directions, pages, iterators; and where to split a table by its size. */
final class Ranges {
  private static final int ROWS = 12_000;
  private static final int MEGABYTE = 1024 * 1024;
  private static final String TEXT = "x".repeat(500);
  private static final PrimaryKey FIRST = key("pk", PrimaryKeyValue.INF_MIN, "n", PrimaryKeyValue.INF_MIN);
  private static final PrimaryKey LAST = key("pk", PrimaryKeyValue.INF_MAX, "n", PrimaryKeyValue.INF_MAX);

  static void run() {
    fill();
    test("ranges: forward, in pages, to the end", Ranges::forward);
    test("ranges: backward by the iterator", Ranges::backward);
    test("ranges: the iterator stops at its count", Ranges::counted);
    test("ranges: bounds include the first and exclude the last", Ranges::bounds);
    test("ranges: filtered rows and chosen columns", Ranges::filtered);
    test("ranges: bounds the wrong way round, bounds that lack a column", Ranges::refusals);
    test("split points: they follow the stored size, and their splits cover the table", Ranges::splits);
    test("split points: an empty table, a limit, wrong sizes", Ranges::splitLimits);
  }

  private static void fill() {
    create(meta("ranged", "pk", PrimaryKeyType.STRING, "n", PrimaryKeyType.INTEGER));
    for (int begin = 0; begin < ROWS; begin += 200) {
      BatchWriteRowRequest request = new BatchWriteRowRequest();
      for (int n = begin; n < begin + 200; n++) request.addRowChange(putChange("ranged", rowKey(n), "n10", n % 10, "text", TEXT));
      expect(CLIENT.batchWriteRow(request).isAllSucceed(), true);
    }
  }

  private static PrimaryKey rowKey(int n) {
    return key("pk", "p" + n % 3, "n", n);
  }

  private static List<Integer> inOrder() {
    return IntStream.range(0, ROWS).boxed().sorted(Comparator.<Integer>comparingInt(n -> n % 3).thenComparingInt(n -> n)).toList();
  }

  private static int number(Row row) {
    return (int) row.getPrimaryKey().getPrimaryKeyColumn("n").getValue().asLong();
  }

  private static List<Integer> read(Iterator<Row> rows) {
    List<Integer> numbers = new ArrayList<>();
    rows.forEachRemaining(row -> numbers.add(number(row)));
    return numbers;
  }

  private static void forward() {
    List<Integer> seen = new ArrayList<>();
    RangeRowQueryCriteria criteria = range("ranged", Direction.FORWARD, FIRST, LAST);
    criteria.setLimit(1000);
    int pages = 0;
    for (PrimaryKey start = FIRST; start != null; pages++) {
      criteria.setInclusiveStartPrimaryKey(start);
      GetRangeResponse page = CLIENT.getRange(new GetRangeRequest(criteria));
      page.getRows().forEach(row -> seen.add(number(row)));
      expect(page.getConsumedCapacity().getCapacityUnit().getWriteCapacityUnit(), 0);
      start = page.getNextStartPrimaryKey();
    }
    expect(seen, inOrder());
    expect(pages, 12);
  }

  private static void backward() {
    List<Integer> expected = new ArrayList<>(inOrder());
    Collections.reverse(expected);
    expect(read(CLIENT.createRangeIterator(iterator(Direction.BACKWARD, LAST, FIRST))), expected);
  }

  private static RangeIteratorParameter iterator(Direction direction, PrimaryKey start, PrimaryKey end) {
    return new RangeIteratorParameter(range("ranged", direction, start, end));
  }

  private static void counted() {
    RangeIteratorParameter parameter = iterator(Direction.FORWARD, FIRST, LAST);
    parameter.setMaxCount(5500);
    parameter.setBufferSize(700);
    expect(read(CLIENT.createRangeIterator(parameter)), inOrder().subList(0, 5500));
  }

  private static GetRangeResponse page(Direction direction, PrimaryKey start, PrimaryKey end) {
    return CLIENT.getRange(new GetRangeRequest(range("ranged", direction, start, end)));
  }

  private static void bounds() {
    GetRangeResponse page = page(Direction.FORWARD, rowKey(3), rowKey(12));
    expect(page.getRows().stream().map(Ranges::number).toList(), List.of(3, 6, 9));
    expect(page.getNextStartPrimaryKey(), null);
    expect(page(Direction.FORWARD, key("pk", "q", "n", 0), LAST).getRows(), List.of());
  }

  private static void filtered() {
    RangeRowQueryCriteria criteria = range("ranged", Direction.FORWARD, FIRST, LAST);
    criteria.setFilter(new SingleColumnValueFilter("n10", SingleColumnValueFilter.CompareOperator.EQUAL, value(7)));
    criteria.addColumnsToGet("n10");
    List<Integer> expected = inOrder().stream().filter(n -> n % 10 == 7).toList();
    expect(read(CLIENT.createRangeIterator(new RangeIteratorParameter(criteria))), expected);
  }

  private static void refusals() throws Exception {
    String wrong = "OTSParameterInvalid";
    refused(wrong, "Begin key must less than end key in FORWARD", () -> page(Direction.FORWARD, LAST, FIRST));
    refused(wrong, "Begin key must more than end key in BACKWARD", () -> page(Direction.BACKWARD, FIRST, LAST));
    refused("OTSInvalidPK", "Validate PK size fail. Input: 1, Meta: 2.", () -> page(Direction.FORWARD, key("pk", "a"), LAST));
  }

  private static void splits() {
    ComputeSplitsBySizeResponse response = CLIENT.computeSplitsBySize(new ComputeSplitsBySizeRequest("ranged", 1, MEGABYTE));
    expect(response.getPrimaryKeySchema().stream().map(PrimaryKeySchema::getName).toList(), List.of("pk", "n"));
    List<Integer> seen = new ArrayList<>();
    for (Split split : response.getSplits()) {
      List<Integer> part = read(CLIENT.createRangeIterator(iterator(Direction.FORWARD, split.getLowerBound(), split.getUpperBound())));
      expectTrue(part.size() > 500 && part.size() < 4000, "a split of about 1 MB has " + part.size() + " rows");
      seen.addAll(part);
    }
    expect(seen, inOrder());
    expectTrue(response.getSplits().size() >= 5, "7 MB are cut more than four times");
  }

  private static void splitLimits() throws Exception {
    table("unsplit");
    ComputeSplitsBySizeRequest empty = new ComputeSplitsBySizeRequest("unsplit", 1);
    expect(CLIENT.computeSplitsBySize(empty).getSplits().size(), 1);
    ComputeSplitsBySizeRequest limited = new ComputeSplitsBySizeRequest("ranged", 1, MEGABYTE);
    limited.setSplitPointLimit(2);
    expect(CLIENT.computeSplitsBySize(limited).getSplits().size(), 3);
    String wrong = "OTSParameterInvalid";
    ComputeSplitsBySizeRequest none = new ComputeSplitsBySizeRequest("ranged", 0);
    refused(wrong, "The split_size should be greater than 0.", () -> CLIENT.computeSplitsBySize(none));
    ComputeSplitsBySizeRequest small = new ComputeSplitsBySizeRequest("ranged", 1, 1000);
    refused(wrong, "The split_size_unit_in_byte should be greater equal than: 1048576", () -> CLIENT.computeSplitsBySize(small));
  }

  private Ranges() {}
}
