package tableferry.sdk;

import static tableferry.sdk.Harness.*;
import static tableferry.sdk.Ots.*;

import com.alicloud.openservices.tablestore.TunnelClient;
import com.alicloud.openservices.tablestore.model.RowDeleteChange;
import com.alicloud.openservices.tablestore.model.DeleteRowRequest;
import com.alicloud.openservices.tablestore.model.DeleteTableRequest;
import com.alicloud.openservices.tablestore.model.DescribeTableRequest;
import com.alicloud.openservices.tablestore.model.StreamRecord;
import com.alicloud.openservices.tablestore.model.tunnel.*;
import com.alicloud.openservices.tablestore.model.tunnel.internal.*;
import com.alicloud.openservices.tablestore.tunnel.worker.TunnelClientConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** The tunnel service call by call, as the SDK's worker makes them. */
final class Tunnels {
  private static final TunnelClient TUNNELS = tunnelClient();

  static void run() {
    test("tunnels: create the three types, list, describe, delete", Tunnels::administration);
    test("tunnels: the errors of what is there already and of what is not", Tunnels::errors);
    test("tunnels: connect, heartbeat, read and checkpoint base data by hand", Tunnels::byHand);
    test("tunnels: records of every kind, with old values", Tunnels::records);
    test("tunnels: a checkpoint out of turn is refused, and the next number told", Tunnels::checkpointOutOfTurn);
    test("tunnels: who does not hold a channel, or is not known, is told so", Tunnels::strangers);
    test("tunnels: from the earliest change, and up to a time", Tunnels::span);
  }

  static String create(String table, String name, TunnelType type) {
    return TUNNELS.createTunnel(new CreateTunnelRequest(table, name, type)).getTunnelId();
  }

  static DescribeTunnelResponse describe(String table, String name) {
    return TUNNELS.describeTunnel(new DescribeTunnelRequest(table, name));
  }

  private static void administration() {
    table("tunneled");
    put("tunneled", "a", "c", 1);
    for (TunnelType type : List.of(TunnelType.BaseData, TunnelType.Stream, TunnelType.BaseAndStream)) {
      String id = create("tunneled", "t_" + type, type);
      TunnelInfo described = describe("tunneled", "t_" + type).getTunnelInfo();
      expect(List.of(described.getTunnelId(), described.getTunnelType(), described.isExpired()), List.of(id, type, false));
      expect(List.of(described.getTableName(), described.getInstanceName()), List.of("tunneled", INSTANCE));
      expect(described.getStage(), type == TunnelType.Stream ? TunnelStage.ProcessStream : TunnelStage.ProcessBaseData);
      long age = System.currentTimeMillis() - described.getCreateTime();
      expectTrue(Math.abs(age) < 60_000, "made a moment ago: " + age);
    }
    expect(CLIENT.describeTable(new DescribeTableRequest("tunneled")).getStreamDetails().isEnableStream(), true);
    Set<String> channelTypes = describe("tunneled", "t_BaseAndStream").getChannelInfos().stream()
        .map(channel -> channel.getChannelType() + " " + channel.getChannelStatus()).collect(Collectors.toSet());
    expect(channelTypes, Set.of("BaseData WAIT", "Stream WAIT"));
    List<TunnelInfo> listed = TUNNELS.listTunnel(new ListTunnelRequest("tunneled")).getTunnelInfos();
    expect(listed.stream().map(TunnelInfo::getTunnelName).toList(), List.of("t_BaseData", "t_Stream", "t_BaseAndStream"));
    TUNNELS.deleteTunnel(new DeleteTunnelRequest("tunneled", "t_Stream"));
    expect(TUNNELS.listTunnel(new ListTunnelRequest("tunneled")).getTunnelInfos().size(), 2);
    CLIENT.deleteTable(new DeleteTableRequest("tunneled"));
  }

  static String code(Body call) throws Exception {
    try {
      call.run();
    } catch (com.alicloud.openservices.tablestore.TableStoreException refusal) {
      return refusal.getErrorCode() + " " + refusal.getHttpStatus();
    }
    return "accepted";
  }

  private static void errors() throws Exception {
    table("taken");
    create("taken", "t", TunnelType.BaseData);
    expect(code(() -> create("taken", "t", TunnelType.Stream)), "OTSTunnelExist 409");
    expect(code(() -> create("nowhere", "t", TunnelType.Stream)), "OTSParameterInvalid 400");
    expect(code(() -> TUNNELS.connectTunnel(new ConnectTunnelRequest("none", new TunnelClientConfig()))), "OTSParameterInvalid 400");
    try {
      describe("taken", "none");
      throw new AssertionError("accepted");
    } catch (com.alicloud.openservices.tablestore.TableStoreException refusal) {
      expectTrue(refusal.getMessage().contains("tunnel not exist"), refusal.getMessage());
    }
  }

  /** A client of a tunnel, without a worker. */
  record Client(String tunnel, String id) {
    static Client connect(String tunnel, int timeoutSeconds) {
      TunnelClientConfig config = new TunnelClientConfig(timeoutSeconds, "by hand");
      return new Client(tunnel, TUNNELS.connectTunnel(new ConnectTunnelRequest(tunnel, config)).getClientId());
    }

    List<Channel> heartbeat(Channel... held) {
      return TUNNELS.heartbeat(new HeartbeatRequest(tunnel, id, List.of(held))).getChannels();
    }

    GetCheckpointResponse checkpointOf(Channel channel) {
      return TUNNELS.getCheckpoint(new GetCheckpointRequest(tunnel, id, channel.getChannelId()));
    }

    ReadRecordsResponse read(Channel channel, String token) {
      return TUNNELS.readRecords(new ReadRecordsRequest(tunnel, id, channel.getChannelId(), token));
    }

    void checkpoint(Channel channel, String token, long sequence) {
      TUNNELS.checkpoint(new CheckpointRequest(tunnel, id, channel.getChannelId(), token, sequence));
    }

    /** Everything there is to read of a channel now. */
    List<StreamRecord> readAll(Channel channel) {
      List<StreamRecord> records = new ArrayList<>();
      String token = checkpointOf(channel).getCheckpoint();
      while (token != null && !token.equals("finished")) {
        ReadRecordsResponse page = read(channel, token);
        records.addAll(page.getRecords());
        if (page.getNextToken() != null && page.getRecords().isEmpty()) break;
        token = page.getNextToken();
      }
      return records;
    }
  }

  private static void byHand() {
    table("handled");
    for (int n = 0; n < 50; n++) put("handled", "row" + n, "n", n);
    Client client = Client.connect(create("handled", "t", TunnelType.BaseData), 30);
    Channel channel = client.heartbeat().get(0);
    expect(channel.getStatus(), ChannelStatus.OPEN);
    GetCheckpointResponse start = client.checkpointOf(channel);
    ReadRecordsResponse page = client.read(channel, start.getCheckpoint());
    expect(page.getRecords().size(), 50);
    expect(page.getRecords().get(0).getRecordType(), StreamRecord.RecordType.PUT);
    expect(page.getNextToken(), null);
    client.checkpoint(channel, "finished", start.getSequenceNumber() + 1);
    Channel ended = new Channel(channel.getChannelId(), channel.getVersion() + 1, ChannelStatus.TERMINATED);
    expect(client.heartbeat(ended), List.of());
    expect(describe("handled", "t").getChannelInfos().get(0).getChannelStatus(), ChannelStatus.TERMINATED);
    TUNNELS.shutdownTunnel(new ShutdownTunnelRequest(client.tunnel(), client.id()));
  }

  private static void records() {
    Streams.streamed("kinds", "c");
    Client client = Client.connect(create("kinds", "t", TunnelType.Stream), 30);
    put("kinds", "a", "c", 1, "d", 2);
    var update = updateChange("kinds", key("pk", "a"), "c", 3);
    update.deleteColumns("d");
    update(update);
    CLIENT.deleteRow(new DeleteRowRequest(new RowDeleteChange("kinds", key("pk", "a"))));
    List<StreamRecord> records = client.readAll(client.heartbeat().get(0));
    expect(records.stream().map(Streams::shown).toList(), List.of("PUT a c=1,d=2", "UPDATE a c=3,d DELETE_ALL_VERSION", "DELETE a "));
    expect(records.stream().map(Streams::shownOrigin).toList(), List.of("", "c=1", "c=3"));
    Streams.expectOrder(records);
  }

  private static void checkpointOutOfTurn() throws Exception {
    table("counted");
    put("counted", "a", "c", 1);
    Client client = Client.connect(create("counted", "t", TunnelType.BaseData), 30);
    Channel channel = client.heartbeat().get(0);
    GetCheckpointResponse start = client.checkpointOf(channel);
    client.checkpoint(channel, start.getCheckpoint(), start.getSequenceNumber() + 1);
    expect(code(() -> client.checkpoint(channel, start.getCheckpoint(), start.getSequenceNumber() + 1)), "OTSSequenceNumberNotMatch 400");
    expect(client.checkpointOf(channel).getSequenceNumber(), start.getSequenceNumber() + 1);
  }

  private static void strangers() throws Exception {
    table("held");
    put("held", "a", "c", 1);
    String tunnel = create("held", "t", TunnelType.BaseData);
    Client holder = Client.connect(tunnel, 30);
    Channel channel = holder.heartbeat().get(0);
    String token = holder.checkpointOf(channel).getCheckpoint();
    Client second = Client.connect(tunnel, 30);
    expect(code(() -> second.read(channel, token)), "OTSResourceGone 410");
    expect(code(() -> new Client(tunnel, "nobody").heartbeat()), "OTSResourceGone 410");
    TUNNELS.shutdownTunnel(new ShutdownTunnelRequest(tunnel, holder.id()));
    expect(code(() -> holder.read(channel, token)), "OTSResourceGone 410");
  }

  private static void span() throws Exception {
    Streams.streamed("spanned");
    for (int n = 0; n < 5; n++) put("spanned", "row" + n, "n", n);
    Thread.sleep(20);
    long half = System.currentTimeMillis();
    Thread.sleep(20);
    for (int n = 5; n < 9; n++) put("spanned", "row" + n, "n", n);
    expect(countFrom("earliest", new StreamTunnelConfig(StartOffsetFlag.EARLIEST)), 9);
    expect(countFrom("latest", new StreamTunnelConfig(StartOffsetFlag.LATEST)), 0);
    expect(countFrom("since", new StreamTunnelConfig(half, half + 3_600_000)), 4);
    StreamTunnelConfig until = new StreamTunnelConfig(StartOffsetFlag.EARLIEST);
    until.setEndOffset(half);
    expect(countFrom("until", until), 5);
  }

  private static int countFrom(String name, StreamTunnelConfig config) {
    CreateTunnelRequest request = new CreateTunnelRequest("spanned", name, TunnelType.Stream);
    request.setStreamTunnelConfig(config);
    Client client = Client.connect(TUNNELS.createTunnel(request).getTunnelId(), 30);
    List<Channel> channels = client.heartbeat();
    return channels.isEmpty() ? 0 : client.readAll(channels.get(0)).size();
  }

  private Tunnels() {}
}
