import { recordsOf } from "./level-log.ts";
import { LevelBytes } from "./level-bytes.ts";

/** Which files make up a LevelDB: what it would read when it is opened. */
export interface LiveFiles {
  readonly tables: ReadonlySet<number>;
  /** Logs from this number on are replayed. */
  readonly firstLog: number;
}

/** Fields of an edit of versions; each is a number and what follows. */
const fields = {
  comparator: 1,
  logNumber: 2,
  nextFile: 3,
  lastSequence: 4,
  compactPointer: 5,
  deletedFile: 6,
  newFile: 7,
  previousLog: 9,
} as const;

/** Adds up the edits of a manifest. Undefined for a manifest that is not understood: opening it says what is wrong. */
export function liveFiles(manifest: Buffer): LiveFiles | undefined {
  const tables = new Set<number>();
  let firstLog = 0;
  let previousLog = 0;
  for (const record of recordsOf(manifest)) {
    const edit = new LevelBytes(record);
    while (!edit.ended) {
      switch (edit.varint()) {
        case fields.comparator:
          edit.block();
          break;
        case fields.logNumber:
          firstLog = edit.varint();
          break;
        case fields.previousLog:
          previousLog = edit.varint();
          break;
        case fields.nextFile:
        case fields.lastSequence:
          edit.varint();
          break;
        case fields.compactPointer:
          edit.varint();
          edit.block();
          break;
        case fields.deletedFile:
          edit.varint();
          tables.delete(edit.varint());
          break;
        case fields.newFile:
          edit.varint();
          tables.add(edit.varint());
          edit.varint();
          edit.block();
          edit.block();
          break;
        default:
          return undefined;
      }
    }
  }
  return { tables, firstLog: previousLog > 0 ? Math.min(previousLog, firstLog) : firstLog };
}
