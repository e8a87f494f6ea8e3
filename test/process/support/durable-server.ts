/**
 * A server on a folder for the durability campaign: `node durable-server.ts FOLDER JOURNAL durable|unsynced`. Says its endpoint and key on its first line.
 *
 * What a power cut leaves of LevelDB's log is what its last completed flush covered. Its length is noted in JOURNAL before the acknowledgement of the flushed write
 * can leave: writes go to LevelDB one at a time here, so when a synced one settles, nothing stands behind it in its log, the newest one, and all of that log is flushed.
 * What is noted is neither more nor less than what would survive. A note is one system call: a killed process leaves all its notes. Large values have files of their own, of
 * which one append follows the other: the length behind each flushed one is noted too.
 */
import { openSync, readdirSync, statSync, writeSync } from "node:fs";
import { basename, join } from "node:path";
import { openEmbeddedServer } from "../../../src/server/embedded-server.ts";
import { LevelStore } from "../../../src/store/level-store.ts";
import { ValueFile } from "../../../src/store/value-file.ts";

const [dataDir = "", journalPath = "", mode = ""] = process.argv.slice(2);
const journal = openSync(journalPath, "a");
const level = join(dataDir, "level");

function note(path: string): void {
  writeSync(journal, `${JSON.stringify([basename(path), statSync(path).size])}\n`);
}

function noteLog(): void {
  const newest = readdirSync(level)
    .filter((name) => name.endsWith(".log"))
    .sort()
    .at(-1)!;
  note(join(level, newest));
}

const batch = LevelStore.prototype.batch;
let last: Promise<unknown> = Promise.resolve();
LevelStore.prototype.batch = function (options) {
  const inner = batch.call(this, options);
  return {
    add: (changes) => inner.add(changes),
    write: () => {
      const turn = last.then(async () => {
        await inner.write();
        if (options.sync) noteLog();
      });
      last = turn.catch(() => undefined);
      return turn;
    },
  };
};

const create = ValueFile.create;
ValueFile.create = async (folder, number) => {
  const file = await create.call(ValueFile, folder, number);
  note(file.path);
  return file;
};
const append = ValueFile.prototype.append;
ValueFile.prototype.append = async function (pieces) {
  await append.call(this, pieces);
  note(this.path);
};

const server = await openEmbeddedServer({ dataDir, instances: ["test"], durable: mode !== "unsynced" });
process.stdout.write(`${JSON.stringify({ endpoint: server.endpoint, ...server.rootKey })}\n`);
