package tableferry.sdk;

import static tableferry.sdk.Harness.*;
import static tableferry.sdk.Ots.*;

import com.alicloud.openservices.tablestore.ClientException;
import com.alicloud.openservices.tablestore.TableStoreWriter;
import com.alicloud.openservices.tablestore.TunnelClient;
import com.alicloud.openservices.tablestore.model.tunnel.ChannelInfo;
import com.alicloud.openservices.tablestore.model.tunnel.ChannelStatus;
import com.alicloud.openservices.tablestore.model.tunnel.ChannelType;
import com.alicloud.openservices.tablestore.model.tunnel.TunnelStage;
import com.alicloud.openservices.tablestore.model.tunnel.TunnelType;
import com.alicloud.openservices.tablestore.model.tunnel.internal.Channel;
import com.alicloud.openservices.tablestore.tunnel.worker.IChannelProcessor;
import com.alicloud.openservices.tablestore.tunnel.worker.ProcessRecordsInput;
import com.alicloud.openservices.tablestore.tunnel.worker.TunnelWorker;
import com.alicloud.openservices.tablestore.tunnel.worker.TunnelWorkerConfig;
import com.alicloud.openservices.tablestore.writer.WriterConfig;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The SDK's own worker. Its heartbeats are five seconds apart at the least, so cases that wait for them run side by side. */
final class Workers {
  private static final int BASE_ROWS = 3_000;
  private static final int LIVE_KEYS = 40;

  static void run() throws InterruptedException {
    together(
        new Case("tunnel worker: base data, then live changes through a partition split, two workers, one closed", Workers::shared),
        new Case("tunnel worker: takes over from a client that fell silent", Workers::takeOver),
        new Case("tunnel worker: goes on from its checkpoint", Workers::checkpoint));
    test("tunnel worker: comes back after a restart of the server", Workers::restart);
  }

  /** A worker that writes what it is handed into a journal. */
  private static final class Reader implements AutoCloseable {
    private final TunnelWorkerConfig config;
    private final TunnelWorker worker;
    private final TunnelClient client = tunnelClient();

    Reader(String name, String tunnel, Journal journal) throws Exception {
      config = new TunnelWorkerConfig(new IChannelProcessor() {
        @Override
        public void process(ProcessRecordsInput input) {
          journal.waitFor(input.getChannelId());
          input.getRecords().forEach(record -> journal.add(name, record));
        }

        @Override
        public void shutdown() {}
      });
      config.setHeartbeatIntervalInSec(5);
      config.setHeartbeatTimeoutInSec(8);
      config.setCheckpointIntervalInMillis(500);
      config.setClientTag(name);
      worker = new TunnelWorker(tunnel, client, config);
      worker.connectAndWorking();
    }

    @Override
    public void close() {
      worker.shutdown();
      config.shutdown();
      client.shutdown();
    }
  }

  /** Counts each of some rows up, one after the other, until told to end a round. */
  private static final class LiveWriter {
    private final String table;
    private volatile boolean stopping;
    private long rounds;
    private Throwable failure;
    private final Thread thread = new Thread(this::write);

    LiveWriter(String table) {
      this.table = table;
      thread.start();
    }

    private void write() {
      try {
        while (!stopping) {
          round(table, ++rounds);
          Thread.sleep(20);
        }
      } catch (Throwable thrown) {
        failure = thrown;
      }
    }

    long stop() throws InterruptedException {
      stopping = true;
      thread.join();
      expect(failure, null);
      return rounds;
    }
  }

  private static void round(String table, long n) {
    for (int i = 0; i < LIVE_KEYS; i++) update(updateChange(table, key("pk", liveKey(i)), "n", n));
  }

  private static String rowName(int i) {
    return String.format("row%04d", i);
  }

  /** Spread over all of the base rows. */
  private static String liveKey(int i) {
    return rowName(i * (BASE_ROWS / LIVE_KEYS));
  }

  private static Stream<ChannelInfo> channels(String table) {
    return Tunnels.describe(table, "t").getChannelInfos().stream();
  }

  private static TunnelStage stage(String table) {
    return Tunnels.describe(table, "t").getTunnelInfo().getStage();
  }

  private static Stream<ChannelInfo> openStream(String table) {
    return channels(table).filter(channel -> channel.getChannelType() == ChannelType.Stream && channel.getChannelStatus() == ChannelStatus.OPEN);
  }

  private static Set<String> ownersOfStream(String table) {
    return openStream(table).map(ChannelInfo::getClientId).collect(Collectors.toSet());
  }

  private static void shared() throws Exception {
    Streams.streamed("shared");
    TableStoreWriter writer = Writers.writer("shared", new WriterConfig());
    String text = "x".repeat(4000);
    for (int i = 0; i < BASE_ROWS; i++) writer.addRowChange(putChange("shared", key("pk", rowName(i)), "n", 0, "text", text));
    writer.flush();
    writer.close();
    ask("splitPartition", "table", "shared", "key", "row1500");
    String tunnel = Tunnels.create("shared", "t", TunnelType.BaseAndStream);
    long baseChannels = channels("shared").filter(channel -> channel.getChannelType() == ChannelType.BaseData).count();
    expectTrue(baseChannels >= 3, "12 MB of base data lie in several channels");
    Journal journal = new Journal();
    LiveWriter live = new LiveWriter("shared");
    Reader first = new Reader("first", tunnel, journal);
    Reader second = new Reader("second", tunnel, journal);
    until(60, "the stream is read after the base data", () -> stage("shared") == TunnelStage.ProcessStream);
    expect(journal.baseRows(), BASE_ROWS);
    until(40, "both workers hold channels of the stream", () -> ownersOfStream("shared").size() == 2);
    // Were a child of the split opened before its parent is read, the later changes would now come first.
    journal.hold(openStream("shared").map(ChannelInfo::getChannelId).collect(Collectors.toSet()));
    Thread.sleep(500);
    ask("splitPartition", "table", "shared", "key", "row0700");
    Thread.sleep(11_000);
    journal.release();
    until(60, "both read changes", () -> journal.readers().equals(Set.of("first", "second")));
    until(40, "the children of the split are open", () -> openStream("shared").count() == 3);
    second.close();
    until(40, "the first holds all channels", () -> ownersOfStream("shared").size() == 1 && openStream("shared").count() == 3);
    long rounds = live.stop();
    until(30, "every change was seen, in order", () -> journal.complete(LIVE_KEYS, rounds));
    first.close();
  }

  private static void takeOver() throws Exception {
    Streams.streamed("left");
    ask("splitPartition", "table", "left", "key", "row1500");
    String tunnel = Tunnels.create("left", "t", TunnelType.Stream);
    Tunnels.Client silent = Tunnels.Client.connect(tunnel, 6);
    List<Channel> held = silent.heartbeat();
    expect(held.size(), 2);
    for (int n = 1; n <= 3; n++) round("left", n);
    Journal journal = new Journal();
    try (Reader reader = new Reader("heir", tunnel, journal)) {
      until(40, "every change was seen, in order", () -> journal.complete(LIVE_KEYS, 3));
    }
    expect(Tunnels.code(() -> silent.read(held.get(0), "finished")), "OTSResourceGone 410");
  }

  private static void checkpoint() throws Exception {
    Streams.streamed("resumed");
    String tunnel = Tunnels.create("resumed", "t", TunnelType.Stream);
    for (int n = 1; n <= 5; n++) round("resumed", n);
    Journal journal = new Journal();
    try (Reader reader = new Reader("before", tunnel, journal)) {
      until(30, "every change was seen", () -> journal.complete(LIVE_KEYS, 5));
      until(30, "the checkpoint is behind them", () -> channels("resumed").allMatch(channel -> channel.getChannelCount() == 5 * LIVE_KEYS));
    }
    expect(journal.changes(), 5 * LIVE_KEYS);
    round("resumed", 6);
    try (Reader reader = new Reader("after", tunnel, journal)) {
      until(30, "the last change of each was seen", () -> journal.complete(LIVE_KEYS, 6));
    }
    expect(journal.changes(), 6 * LIVE_KEYS);
  }

  private static void restart() throws Exception {
    Streams.streamed("restarted");
    String tunnel = Tunnels.create("restarted", "t", TunnelType.Stream);
    Journal journal = new Journal();
    try (Reader reader = new Reader("patient", tunnel, journal)) {
      for (int n = 1; n <= 3; n++) round("restarted", n);
      until(30, "the first changes were seen", () -> journal.complete(LIVE_KEYS, 3));
      ask("restart");
      until(10, "the server answers again", Workers::answers);
      for (int n = 4; n <= 6; n++) round("restarted", n);
      until(60, "the changes after it were seen, in order", () -> journal.complete(LIVE_KEYS, 6));
    }
  }

  private static boolean answers() {
    try {
      CLIENT.listTable();
      return true;
    } catch (ClientException unreachable) {
      return false;
    }
  }

  private Workers() {}
}
