package tableferry.sdk;

/** Every case of the Java SDK against the server that tools/sdks.ts names in the environment. */
public final class Main {
  public static void main(String[] arguments) throws Exception {
    Tables.run();
    Rows.run();
    Batches.run();
    Ranges.run();
    Indexes.run();
    DefinedColumns.run();
    Transactions.run();
    Bulk.run();
    Streams.run();
    Signatures.run();
    Writers.run();
    Tunnels.run();
    Workers.run();
    NotYet.run();
    // The SDK leaves threads behind.
    System.exit(0);
  }

  private Main() {}
}
