/**
 * `npm run test:sdks [-- java python go]`: the embedded Table Store driven by the official SDKs, one program a language (test/sdks), over HTTP against a
 * durable store in a temporary folder. What is fetched and built stays in .tableferry/sdks; the logs lie there too. The last line is the total.
 */
import { createWriteStream, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";
import { StoreAdmin } from "../src/client/store-admin.ts";
import { openEmbeddedServer, type EmbeddedServer } from "../src/server/embedded-server.ts";
import { TestControls } from "../src/server/test-controls/test-controls.ts";
import type { Question } from "./sdks/case-line.ts";
import { runCases } from "./sdks/run-cases.ts";
import { newTally, succeeded, totals, type Tally } from "./sdks/tally.ts";
import { toolchains } from "./sdks/toolchain.ts";

const root = resolve(import.meta.dirname, "..");
const cacheRoot = join(root, ".tableferry/sdks");
const SDK_TIMEOUT_MS = 300_000;
const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => toolchains[name] === undefined);
if (unknown.length > 0) {
  console.error(`There is no ${unknown.join(", ")}: npm run test:sdks [-- ${Object.keys(toolchains).join(" ")}]`);
  process.exit(2);
}

const folder = mkdtempSync(join(tmpdir(), "tableferry-sdks-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
// Whatever ends this process ends the program it runs, and leaves nothing behind.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => process.exit(130));
process.stdout.on("error", () => process.exit(1));
const controls = new TestControls();
let traffic = { requests: 0, bytesIn: 0, bytesOut: 0 };
let server: EmbeddedServer | undefined;
try {
  const tallies: Tally[] = [];
  for (const sdk of wanted.length === 0 ? Object.keys(toolchains) : wanted) tallies.push(await testSdk(sdk));
  console.log(`\n${totals(tallies)}`);
  process.exitCode = succeeded(tallies) ? 0 : 1;
} finally {
  await server?.close();
}

async function testSdk(sdk: string): Promise<Tally> {
  const toolchain = toolchains[sdk]!;
  const missing = toolchain.missing();
  if (missing !== undefined) {
    console.log(`${sdk}: skipped, ${missing}`);
    return { ...newTally(sdk), skipped: missing };
  }
  mkdirSync(cacheRoot, { recursive: true });
  const logFile = join(cacheRoot, `${sdk}.log`);
  const log = createWriteStream(logFile);
  try {
    console.log(`${sdk}: getting the SDK and building its cases (log: ${relative(root, logFile)})`);
    const cache = join(cacheRoot, sdk);
    const program = await toolchain.prepare(cache, log);
    server = await serve(sdk);
    const env = { ...process.env, ...whereabouts(server, instanceOf(sdk)) };
    const answer = (question: Question) => answerQuestion(sdk, question);
    return await runCases(
      { sdk, ...program, env, folder: cache },
      { say: (line) => console.log(line), log, answer, timeoutMs: SDK_TIMEOUT_MS },
    );
  } catch (error) {
    console.log(
      `${sdk}: FAILED before its first case: ${error instanceof Error ? error.message : String(error)}; see ${relative(root, logFile)}`,
    );
    return { ...newTally(sdk), failed: 1 };
  } finally {
    log.end();
    await server?.close();
  }
}

function serve(sdk: string, port = 0): Promise<EmbeddedServer> {
  return openEmbeddedServer({
    dataDir: join(folder, sdk),
    instances: [instanceOf(sdk), "other"],
    port,
    controls,
    log: ({ bytesIn, bytesOut }) => {
      traffic = { requests: traffic.requests + 1, bytesIn: traffic.bytesIn + bytesIn, bytesOut: traffic.bytesOut + bytesOut };
    },
    onError: (error) => console.error(error),
  });
}

/** Names have three characters at least. */
function instanceOf(sdk: string): string {
  return `${sdk}-sdk`;
}

function whereabouts({ endpoint = "", rootKey }: EmbeddedServer, instance: string): NodeJS.ProcessEnv {
  return {
    TABLESTORE_ENDPOINT: endpoint,
    TABLESTORE_INSTANCE: instance,
    TABLESTORE_ACCESS_KEY_ID: rootKey.id,
    TABLESTORE_ACCESS_KEY_SECRET: rootKey.secret,
  };
}

async function answerQuestion(sdk: string, question: Question): Promise<object> {
  switch (question.ask) {
    case "splitPartition":
      return await splitPartition(instanceOf(sdk), question.table, question.key);
    case "temporaryKey":
      return server!.temporaryKey({ seconds: question.seconds });
    case "setFaults":
      controls.faults.set(question.rules);
      return {};
    case "traffic":
      return takeTraffic();
    case "restart":
      return await restart(sdk);
  }
}

async function splitPartition(instance: string, table: string, key: string | undefined): Promise<object> {
  const { endpoint = "", rootKey } = server!;
  const admin = new StoreAdmin(endpoint, () => rootKey);
  try {
    return { partitions: await admin.splitPartition(instance, table, key) };
  } finally {
    await admin.close();
  }
}

function takeTraffic(): object {
  const taken = traffic;
  traffic = { requests: 0, bytesIn: 0, bytesOut: 0 };
  return taken;
}

async function restart(sdk: string): Promise<object> {
  const { port } = new URL(server!.endpoint!);
  await server!.close();
  server = await serve(sdk, Number(port));
  return {};
}
