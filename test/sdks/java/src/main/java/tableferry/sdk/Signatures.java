package tableferry.sdk;

import static tableferry.sdk.Harness.*;
import static tableferry.sdk.Ots.*;

import com.alicloud.openservices.tablestore.ClientConfiguration;
import com.alicloud.openservices.tablestore.SyncClient;
import com.alicloud.openservices.tablestore.core.ResourceManager;
import com.alicloud.openservices.tablestore.core.auth.DefaultCredentialProvider;
import com.alicloud.openservices.tablestore.core.auth.DefaultCredentials;
import com.alicloud.openservices.tablestore.core.auth.ServiceCredentials;
import com.alicloud.openservices.tablestore.core.auth.V4Credentials;
import com.alicloud.openservices.tablestore.model.DescribeTableRequest;
import com.alicloud.openservices.tablestore.model.GetRowRequest;
import com.alicloud.openservices.tablestore.model.PutRowRequest;
import com.alicloud.openservices.tablestore.model.SingleRowQueryCriteria;
import com.google.gson.JsonObject;
import java.util.Map;

/** Who may call, and what travels: both signatures, security tokens, compression. The SDK checks each reply's headers, MD5 and signature. */
final class Signatures {
  private static final String REGION = "cn-hangzhou";

  static void run() {
    test("signatures: a wrong secret, an unknown key, an unknown instance", Signatures::refusals);
    test("signatures: version 4, replies included", Signatures::version4);
    test("signatures: version 4 with a wrong secret", Signatures::wrongVersion4);
    test("signatures: temporary keys with their security token, by both versions", Signatures::tokens);
    test("signatures: a temporary key without its token, or with another", Signatures::wrongTokens);
    test("compression: of requests", Signatures::compressedRequests);
    test("compression: of replies, refusals included", Signatures::compressedReplies);
    test("compression: of both, under version 4", Signatures::compressedBoth);
  }

  private static void refusals() throws Exception {
    refused("OTSAuthFailed", "Signature mismatch.", () -> as(KEY_ID, "wrong", INSTANCE).listTable());
    refused("OTSAuthFailed", "The AccessKeyID does not exist.", () -> as("LTAInobody", "wrong", INSTANCE).listTable());
    refused("OTSAuthFailed", "The instance is not found.", () -> as(KEY_ID, KEY_SECRET, "elsewhere").listTable());
    expectTrue(!as(KEY_ID, KEY_SECRET, "other").listTable().getTableNames().contains("full"), "instances are apart");
  }

  private static SyncClient as(String id, String secret, String instance) {
    return new SyncClient(ENDPOINT, id, secret, instance, configuration(c -> {}), null);
  }

  private static SyncClient as(ServiceCredentials credentials, ClientConfiguration configuration) {
    ResourceManager resources = new ResourceManager(configuration, null);
    return new SyncClient(ENDPOINT, new DefaultCredentialProvider(credentials), INSTANCE, configuration, resources);
  }

  private static ServiceCredentials version4(ServiceCredentials key) {
    return V4Credentials.createByServiceCredentials(key, REGION);
  }

  private static void roundTrip(SyncClient client, String table) {
    table(table);
    client.putRow(new PutRowRequest(putChange(table, key("pk", "a"), "c", 1)));
    expect(values(get(table, key("pk", "a"))), Map.of("c", "1"));
    expectTrue(client.listTable().getTableNames().contains(table), "listed");
  }

  private static void version4() throws Exception {
    SyncClient client = as(version4(new DefaultCredentials(KEY_ID, KEY_SECRET)), configuration(c -> {}));
    roundTrip(client, "version4");
    refused("OTSObjectNotExist", Tables.MISSING, () -> client.describeTable(new DescribeTableRequest("nowhere")));
  }

  private static void wrongVersion4() throws Exception {
    SyncClient client = as(version4(new DefaultCredentials(KEY_ID, "wrong")), configuration(c -> {}));
    refused("OTSAuthFailed", "Signature mismatch.", client::listTable);
  }

  private static ServiceCredentials temporary(boolean withToken) throws Exception {
    JsonObject key = ask("temporaryKey", "seconds", 900);
    String token = withToken ? key.get("token").getAsString() : null;
    return new DefaultCredentials(key.get("id").getAsString(), key.get("secret").getAsString(), token);
  }

  private static void tokens() throws Exception {
    roundTrip(as(temporary(true), configuration(c -> {})), "tokens");
    roundTrip(as(version4(temporary(true)), configuration(c -> {})), "tokens4");
  }

  private static void wrongTokens() throws Exception {
    ServiceCredentials bare = temporary(false);
    ServiceCredentials other = new DefaultCredentials(bare.getAccessKeyId(), bare.getAccessKeySecret(), "another");
    for (ServiceCredentials wrong : new ServiceCredentials[] {bare, other}) {
      try {
        as(wrong, configuration(c -> {})).listTable();
      } catch (com.alicloud.openservices.tablestore.TableStoreException refusal) {
        expect(refusal.getErrorCode(), "OTSAuthFailed");
        continue;
      }
      throw new AssertionError("accepted");
    }
  }

  private static final String REPEATED = "compressible ".repeat(80_000);

  private static void compressedRequests() throws Exception {
    table("squeezed");
    ask("traffic");
    write(connect(c -> c.setEnableRequestCompression(true)), "squeezed");
    expectTrue(ask("traffic").get("bytesIn").getAsInt() < 50_000, "1 MB of repeated text travels in less than 50 KB");
    expect(values(get("squeezed", key("pk", "a"))), Map.of("text", REPEATED));
  }

  private static void write(SyncClient client, String table) {
    client.putRow(new PutRowRequest(putChange(table, key("pk", "a"), "text", REPEATED)));
  }

  private static String read(SyncClient client, String table) {
    var criteria = new SingleRowQueryCriteria(table, key("pk", "a"));
    criteria.setMaxVersions(1);
    return values(client.getRow(new GetRowRequest(criteria)).getRow()).get("text");
  }

  private static void compressedReplies() throws Exception {
    table("inflated");
    write(CLIENT, "inflated");
    SyncClient client = connect(c -> c.setEnableResponseCompression(true));
    ask("traffic");
    expect(read(client, "inflated"), REPEATED);
    expectTrue(ask("traffic").get("bytesOut").getAsInt() < 50_000, "1 MB of repeated text travels in less than 50 KB");
    refused("OTSObjectNotExist", Tables.MISSING, () -> read(client, "nowhere"));
    expect(client.listTable().getRequestId().isEmpty(), false);
  }

  private static void compressedBoth() throws Exception {
    ClientConfiguration configuration = configuration(c -> {
      c.setEnableRequestCompression(true);
      c.setEnableResponseCompression(true);
    });
    SyncClient client = as(version4(new DefaultCredentials(KEY_ID, KEY_SECRET)), configuration);
    table("both");
    ask("traffic");
    write(client, "both");
    expect(read(client, "both"), REPEATED);
    JsonObject traffic = ask("traffic");
    int bytes = traffic.get("bytesIn").getAsInt() + traffic.get("bytesOut").getAsInt();
    expectTrue(bytes < 100_000, "2 MB of repeated text travel in less than 100 KB");
  }

  private Signatures() {}
}
