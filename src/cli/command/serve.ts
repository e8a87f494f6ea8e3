import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { TableferryError, toError } from "../../base/error.ts";
import type { AccessKey } from "../../server/access-keys.ts";
import { openEmbeddedServer, type EmbeddedServer } from "../../server/embedded-server.ts";
import { servePages, type PageListener } from "../../server/page-listener.ts";
import { KEY_FILE } from "../../server/key-file.ts";
import { Metrics } from "../../server/metrics.ts";
import type { RequestEvent } from "../../server/server.ts";
import { TestControls } from "../../server/test-controls/test-controls.ts";
import { toolVersion } from "../../run/tool-version.ts";
import { exitCodes } from "../exit-code.ts";
import type { Command, Invocation } from "../invocation.ts";
import { bytes } from "../render/amounts.ts";
import { facts } from "../render/grid.ts";
import { plainText } from "../render/plain-text.ts";
import { sdkLines } from "../render/sdk-lines.ts";
import { tendHeap } from "../server-heap.ts";
import { stopOnInterrupt } from "../stop-signals.ts";
import { serverFile } from "../table/server-note.ts";
import { typedPath } from "../table/typed-path.ts";

const defaultPort = 8087;
const defaultInstance = "local";
const defaultFolder = ".tableferry/store";

export const serve: Command = {
  run: async (invocation) => {
    const keys = givenKeys(invocation);
    const dataDir = storeFolder(invocation);
    const stopping = stopOnInterrupt(invocation, "Stopping: what is under way is finished first.");
    const { clock, folder } = invocation.surroundings;
    const snapshot = invocation.text("restore");
    const metrics = invocation.number("metrics") === undefined ? undefined : new Metrics(clock);
    const server = await openEmbeddedServer({
      dataDir,
      restore: snapshot === undefined ? undefined : resolve(folder, snapshot),
      instances: invocation.list("instance"),
      keys,
      host: invocation.text("host"),
      port: invocation.number("port") ?? defaultPort,
      partitionBytesMax: invocation.number("partitionBytesMax"),
      clock,
      controls: invocation.flag("testControls") ? new TestControls({ clock, remote: true }) : undefined,
      version: toolVersion(),
      onError: (error) => invocation.terminal.err(`${plainText(toError(error).message)}\n`),
      log: requestLog(invocation, metrics),
    });
    const leaveHeap = tendHeap();
    let page: PageListener | undefined;
    try {
      page = await metricsPage(invocation, metrics, server);
      // Whoever names a folder decides what is in it; an empty store elsewhere would be of no use to a newcomer.
      if (server.instances().length === 0 && invocation.text("dataDir") === undefined) await server.createInstance(defaultInstance);
      const keysFile = keys !== undefined ? undefined : dataDir !== undefined ? join(dataDir, KEY_FILE) : await keepKey(server.rootKey);
      await announce(invocation, server, { dataDir, keysFile, metrics: page?.endpoint });
      stopping.signal.addEventListener("abort", () => void server.close());
      if (stopping.signal.aborted) void server.close();
      await server.stopped;
      await takeBack(invocation, server, dataDir === undefined ? keysFile : undefined);
      invocation.note("Stopped.");
      return exitCodes.ok;
    } finally {
      stopping.end();
      leaveHeap();
      await page?.close();
      await server.close();
    }
  },
};

/** What is told of each request; undefined where nobody asked, which costs nothing. */
function requestLog(invocation: Invocation, metrics: Metrics | undefined): ((event: RequestEvent) => void) | undefined {
  const printed = invocation.text("log") === "requests";
  if (!printed && metrics === undefined) return undefined;
  return (event) => {
    metrics?.observe(event);
    if (printed) invocation.terminal.err(requestLine(event, invocation.json));
  };
}

/**
 * Metrics have an address of their own: on the server's no path answers without a signature, and Prometheus does not sign. It is this machine's alone, whatever
 * --host says.
 */
async function metricsPage(
  invocation: Invocation,
  metrics: Metrics | undefined,
  server: EmbeddedServer,
): Promise<PageListener | undefined> {
  const port = invocation.number("metrics");
  if (metrics === undefined || port === undefined) return undefined;
  return servePages({ "/metrics": () => ({ status: 200, text: metrics.text(server.connections) }) }, { host: "127.0.0.1", port });
}

interface Whereabouts {
  /** Absolute; undefined in memory. */
  readonly dataDir: string | undefined;
  /** Absolute; undefined where the user gave the keys. */
  readonly keysFile: string | undefined;
  /** Where the page of metrics is, if there is one. */
  readonly metrics: string | undefined;
}

function storeFolder(invocation: Invocation): string | undefined {
  const given = invocation.text("dataDir");
  if (!invocation.flag("memory")) return resolve(invocation.surroundings.folder, given ?? defaultFolder);
  if (given === undefined) return undefined;
  throw new TableferryError("TF_USAGE", {
    message: "--memory keeps nothing, so a --data-dir makes no sense",
    place: "--data-dir",
    wayOut: "Give one of the two.",
  });
}

function givenKeys(invocation: Invocation): readonly AccessKey[] | undefined {
  const [id, secret] = [invocation.text("accessKeyId"), invocation.text("accessKeySecret")];
  if (id === undefined && secret === undefined) return undefined;
  if (id !== undefined && secret !== undefined) return [{ id, secret }];
  throw new TableferryError("TF_USAGE", {
    message: `an access key ${id === undefined ? "secret without its id" : "id without its secret"} is given`,
    place: id === undefined ? "--access-key-id" : "--access-key-secret",
    wayOut:
      "Give both ($TABLESTORE_ACCESS_KEY_ID and $TABLESTORE_ACCESS_KEY_SECRET), or neither: then keys are made and kept beside the data.",
  });
}

/** A store in memory has no folder; its key lies in a temporary one, for this user only, until the server stops. */
async function keepKey({ id, secret }: AccessKey): Promise<string> {
  const file = join(await mkdtemp(join(tmpdir(), "tableferry-")), KEY_FILE);
  await writeFile(file, `${JSON.stringify({ accessKeyId: id, accessKeySecret: secret }, null, 2)}\n`, { mode: 0o600 });
  return file;
}

/** Says how to reach the server, to the user and in a file for the `table` commands. Never the secret. */
async function announce(invocation: Invocation, server: EmbeddedServer, { dataDir, keysFile, metrics }: Whereabouts): Promise<void> {
  const { terminal, self } = invocation;
  const { folder } = invocation.surroundings;
  const endpoint = server.endpoint ?? "";
  const instances = server.instances();
  const reach = {
    endpoint,
    instances,
    keysFile: keysFile ?? null,
    accessKeyId: server.rootKey.id,
    storeId: server.storeId,
    dataDir: dataDir ?? null,
    ...(metrics === undefined ? {} : { metrics: `${metrics}/metrics` }),
    pid: process.pid,
  };
  await writeNote(invocation, reach);
  if (invocation.json) return await terminal.out(`${JSON.stringify(reach)}\n`);
  const host = invocation.text("host");
  if (host !== undefined && !/^(127\.|localhost$|::1$)/.test(host)) {
    terminal.err(
      `${terminal.errPaint.yellow("Warning")}: ${plainText(host)} may be reached from other machines. Requests are signed, but not encrypted.\n`,
    );
  }
  if (invocation.quiet) return;
  const first = instances[0] ?? "NAME";
  const lines = [
    terminal.paint.bold(`Table Store at ${endpoint}`),
    ...facts(
      [
        ["instances", instances.length === 0 ? "none yet" : instances.join(", ")],
        ["data", dataDir === undefined ? "in memory, gone when the server stops" : typedPath(dataDir, folder)],
        ["keys", keysFile === undefined ? `as given, access key ${server.rootKey.id}` : typedPath(keysFile, folder)],
        ["metrics", metrics === undefined ? undefined : `${metrics}/metrics`],
        ["stop", "Ctrl-C"],
      ],
      terminal.paint,
    ),
    "",
    "Try, in another terminal in this folder:",
    `  ${self} table create orders --instance ${first} --key customer:string --key order:integer`,
    `  ${self} table put orders --instance ${first} '{"customer": "alice", "order": 17, "amount": 12.5}'`,
    `  ${self} table scan orders --instance ${first}`,
    "Official SDKs connect so, with the key and secret of the keys file:",
    ...facts(sdkLines(endpoint, first), terminal.paint),
  ];
  await terminal.out(lines.map((line) => `${line}\n`).join(""));
}

/** The server runs all the same where the note cannot be written. */
async function writeNote(invocation: Invocation, note: object): Promise<void> {
  const path = join(invocation.surroundings.folder, serverFile);
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, `${JSON.stringify(note, null, 2)}\n`);
  } catch (error) {
    invocation.note(`${serverFile} could not be written (${toError(error).message}); name --endpoint in \`table\` commands.`);
  }
}

/** Removes the note, unless another server has written its own meanwhile, and a key that was kept for this run only. */
async function takeBack(invocation: Invocation, server: EmbeddedServer, temporaryKeys: string | undefined): Promise<void> {
  if (temporaryKeys !== undefined) await rm(dirname(temporaryKeys), { recursive: true, force: true });
  const path = join(invocation.surroundings.folder, serverFile);
  const text = await readFile(path, "utf8").catch(() => "");
  if (text.includes(`"storeId": "${server.storeId}"`) && text.includes(`"pid": ${process.pid}`)) await rm(path, { force: true });
}

function requestLine(event: RequestEvent, json: boolean): string {
  const { error, ...rest } = event;
  const trouble = error === undefined ? undefined : toError(error).message;
  if (json) return `${JSON.stringify({ type: "request", ...rest, error: trouble })}\n`;
  const outcome = event.code === undefined ? String(event.status) : `${event.status} ${event.code}`;
  const line = `${event.operation} ${event.instance} ${outcome} ${event.milliseconds.toFixed(1)} ms, ${bytes(event.bytesIn)} in, ${bytes(event.bytesOut)} out${trouble === undefined ? "" : `: ${trouble}`}`;
  return `${plainText(line)}\n`;
}
