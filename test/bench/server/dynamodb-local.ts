/**
 * The other yardstick: DynamoDB Local, Amazon's emulator in Java, in memory. `cache=FOLDER` holds what Maven fetched. Prints where it will be as one line of JSON,
 * and becomes the JVM, so that this process's CPU is its own. It listens on every address of the machine and has no option against that: it is up for one measurement.
 */
import { spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { delimiter, join, resolve } from "node:path";
import { argument } from "../measure.ts";

const cache = resolve(argument("cache"));
const pom = resolve(import.meta.dirname, "dynamodb-local/pom.xml");
const copy = ["-B", "-q", "-f", pom, "dependency:copy-dependencies", `-DoutputDirectory=${cache}`];
const java = onPath("java");

// Nothing is asked of the registry where everything is there already.
if (spawnSync("mvn", ["-o", ...copy], { stdio: "ignore" }).status !== 0) {
  const fetched = spawnSync("mvn", copy, { stdio: ["ignore", 2, 2] });
  if (fetched.status !== 0) throw new Error("Maven could not fetch DynamoDB Local");
}
const port = await freePort();
console.log(JSON.stringify({ endpoint: `http://127.0.0.1:${port}` }));
process.execve!(
  java,
  [
    java,
    `-Djava.library.path=${cache}`,
    ...["-cp", join(cache, "*"), "com.amazonaws.services.dynamodbv2.local.main.ServerRunner"],
    ...["-inMemory", "-sharedDb", "-disableTelemetry", "-port", String(port)],
  ],
  process.env,
);

function onPath(name: string): string {
  for (const folder of (process.env["PATH"] ?? "").split(delimiter)) {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return join(folder, name);
    } catch {
      // Not here.
    }
  }
  throw new Error(`there is no ${name} on PATH`);
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((done) => probe.listen(0, "127.0.0.1", done));
  const { port: free } = probe.address() as AddressInfo;
  await new Promise((done) => probe.close(done));
  return free;
}
