package tableferry.sdk;

import com.alicloud.openservices.tablestore.TableStoreException;
import com.google.gson.Gson;
import com.google.gson.JsonObject;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** How the cases talk to tools/sdks.ts: one JSON object a line, see tools/sdks/case-line.ts. */
final class Harness {
  private static final Gson GSON = new Gson();
  private static final BufferedReader ANSWERS = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));

  interface Body {
    void run() throws Exception;
  }

  record Case(String name, Body body) {}

  static void test(String name, Body body) {
    Map<String, Object> said = new LinkedHashMap<>();
    said.put("case", name);
    long began = System.nanoTime();
    try {
      body.run();
    } catch (Throwable thrown) {
      thrown.printStackTrace();
      said.put("failed", thrown.toString());
    }
    said.put("ms", (System.nanoTime() - began) / 1e6);
    tell(said);
  }

  /** Cases that mostly wait, at the same time; each has tables of its own. */
  static void together(Case... cases) throws InterruptedException {
    List<Thread> threads = new ArrayList<>();
    for (Case one : cases) threads.add(new Thread(() -> test(one.name(), one.body()), one.name()));
    threads.forEach(Thread::start);
    for (Thread thread : threads) thread.join();
  }

  /** A call the embedded store does not have yet: it must answer the service's error for an operation it does not know. */
  static void notYet(String operation, Body body) {
    Map<String, Object> said = new LinkedHashMap<>();
    said.put("notYet", operation);
    try {
      body.run();
      said.put("failed", "accepted: make a case of it");
    } catch (TableStoreException refusal) {
      String expected = "OTSParameterInvalid Unsupported operation: " + operation + ".";
      String actual = refusal.getErrorCode() + " " + refusal.getMessage();
      if (!actual.equals(expected)) said.put("failed", actual);
    } catch (Exception thrown) {
      thrown.printStackTrace();
      said.put("failed", thrown.toString());
    }
    tell(said);
  }

  /** Has something done by the server's owner. */
  static synchronized JsonObject ask(String question, Object... fields) throws Exception {
    Map<String, Object> said = new LinkedHashMap<>();
    said.put("ask", question);
    for (int i = 0; i < fields.length; i += 2) said.put((String) fields[i], fields[i + 1]);
    tell(said);
    JsonObject answer = GSON.fromJson(ANSWERS.readLine(), JsonObject.class);
    if (answer.has("error")) throw new AssertionError(answer.get("error").getAsString());
    return answer;
  }

  static void expect(Object actual, Object expected) {
    if (!Objects.equals(actual, expected)) throw new AssertionError("expected " + expected + ", got " + actual);
  }

  static void expectTrue(boolean holds, String what) {
    if (!holds) throw new AssertionError("does not hold: " + what);
  }

  /** The call must be refused with this code and this text. */
  static void refused(String code, String message, Body call) throws Exception {
    try {
      call.run();
    } catch (TableStoreException refusal) {
      expect(refusal.getErrorCode() + ": " + refusal.getMessage(), code + ": " + message);
      expectTrue(refusal.getRequestId() != null && !refusal.getRequestId().isEmpty(), "the refusal has a request id");
      return;
    }
    throw new AssertionError("accepted");
  }

  interface Question {
    boolean holds() throws Exception;
  }

  /** Waits until something holds; bounded. */
  static void until(int seconds, String what, Question question) throws Exception {
    long end = System.nanoTime() + seconds * 1_000_000_000L;
    while (!question.holds()) {
      expectTrue(System.nanoTime() < end, what + " within " + seconds + " s");
      Thread.sleep(50);
    }
  }

  private static void tell(Map<String, Object> said) {
    synchronized (System.out) {
      System.out.println(GSON.toJson(said));
      System.out.flush();
    }
  }

  private Harness() {}
}
