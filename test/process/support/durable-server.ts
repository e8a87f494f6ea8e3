/**
 * A server on a folder for the durability campaign: `node durable-server.ts FOLDER JOURNAL durable|unsynced`. Says its endpoint and key on its first line.
 *
 * What a power cut leaves of LevelDB's log is what its last completed flush covered. Its length is noted in JOURNAL before the acknowledgement of the flushed write
 * can leave: writes go to LevelDB one at a time here, so when a synced one settles, nothing stands behind it in its log, the newest one, and all of that log is flushed.
 * What is noted is neither more nor less than what would survive. A note is one system call: a killed process leaves all its notes.
 */
import { openSync, readdirSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import { openEmbeddedServer } from "../../../src/server/embedded-server.ts";
import { LevelStore } from "../../../src/store/level-store.ts";

const [dataDir = "", journalPath = "", mode = ""] = process.argv.slice(2);
const journal = openSync(journalPath, "a");
const level = join(dataDir, "level");

function note(): void {
  const newest = readdirSync(level)
    .filter((name) => name.endsWith(".log"))
    .sort()
    .at(-1)!;
  writeSync(journal, `${JSON.stringify([newest, statSync(join(level, newest)).size])}\n`);
}

const batch = LevelStore.prototype.batch;
let last: Promise<unknown> = Promise.resolve();
LevelStore.prototype.batch = function () {
  const inner = batch.call(this);
  return {
    add: (changes) => inner.add(changes),
    write: (options) => {
      const turn = last.then(async () => {
        await inner.write(options);
        if (options.sync) note();
      });
      last = turn.catch(() => undefined);
      return turn;
    },
  };
};

const server = await openEmbeddedServer({ dataDir, instances: ["test"], durable: mode !== "unsynced" });
process.stdout.write(`${JSON.stringify({ endpoint: server.endpoint, ...server.rootKey })}\n`);
