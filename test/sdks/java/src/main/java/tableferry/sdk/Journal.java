package tableferry.sdk;

import static tableferry.sdk.Harness.*;

import com.alicloud.openservices.tablestore.model.StreamRecord;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * What workers were handed of a table whose rows count their own changes in a column `n`: 0 in base data, then 1, 2, 3 … Delivery is at least
 * once, so a reader may be thrown back, but never past a change that it has not seen.
 */
final class Journal {
  private final Map<String, Long> last = new TreeMap<>();
  private final Map<String, Long> greatest = new TreeMap<>();
  private final Set<String> base = new HashSet<>();
  private final Set<String> readers = new HashSet<>();
  private final Set<String> held = new HashSet<>();
  private String broken;
  private int changes;

  /** Lets nothing of these channels be handed over until `release`. */
  synchronized void hold(Set<String> channels) {
    held.addAll(channels);
  }

  synchronized void release() {
    held.clear();
    notifyAll();
  }

  synchronized void waitFor(String channel) {
    while (held.contains(channel)) {
      try {
        wait();
      } catch (InterruptedException stopped) {
        Thread.currentThread().interrupt();
        return;
      }
    }
  }

  synchronized void add(String reader, StreamRecord record) {
    String key = record.getPrimaryKey().getPrimaryKeyColumn("pk").getValue().asString();
    // Base data has no sequence, of which the SDK makes zeros.
    if (record.getSequenceInfo().getTimestamp() == 0) {
      base.add(key);
      return;
    }
    readers.add(reader);
    changes++;
    long n = record.getColumns().get(0).getColumn().getValue().asLong();
    long seen = greatest.getOrDefault(key, 0L);
    if (n > seen + 1) broken = key + " goes from " + last.getOrDefault(key, 0L) + ", at most " + seen + ", to " + n + " at " + reader;
    greatest.merge(key, n, Math::max);
    last.put(key, n);
  }

  /** Whether everything up to the n-th change of each of these keys was seen, in order. */
  synchronized boolean complete(int keys, long n) {
    expect(broken, null);
    return greatest.size() == keys && Set.of(n).containsAll(greatest.values()) && Set.of(n).containsAll(last.values());
  }

  synchronized int baseRows() {
    return base.size();
  }

  synchronized int changes() {
    return changes;
  }

  synchronized Set<String> readers() {
    return new HashSet<>(readers);
  }

  synchronized String state() {
    return greatest + " last " + last;
  }
}
