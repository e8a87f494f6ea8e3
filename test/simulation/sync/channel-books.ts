import { decodeStreamRecord } from "../../../src/wire/plainbuffer/decode-change.ts";
import type { ReadListener } from "./simulated-server.ts";
import type { SourceState } from "./source-writer.ts";

interface BookedRecord {
  readonly pk: string;
  /** Of the write that it tells of; undefined for a deletion, which does not say. */
  readonly number: number | undefined;
}

interface Book {
  readonly isBase: boolean;
  readonly records: BookedRecord[];
  /** How many records stand before a token. */
  readonly positions: Map<string, number>;
  /** Before the last checkpoint accepted. */
  passed: number;
  sequence: bigint;
}

/** The newest write of each key that a checkpoint passed beyond the last one. */
export interface Passed {
  /** Rows as they were when they were read: changes from before come behind them. */
  readonly isBase: boolean;
  readonly numbers: ReadonlyMap<string, number>;
}

/** What each channel has handed out, by what it answered: which records a checkpoint passes. */
export class ChannelBooks {
  readonly #books = new Map<string, Book>();
  readonly #states: ReadonlyMap<string, readonly SourceState[]>;
  /** By key, the newest number of a record that was booked, in the order of the stream. */
  readonly #newest = new Map<string, number>();

  constructor(states: ReadonlyMap<string, readonly SourceState[]>) {
    this.#states = states;
  }

  readonly onRead: ReadListener = (channelId, isBase, token, { records, nextToken }) => {
    let book = this.#books.get(channelId);
    if (book === undefined)
      this.#books.set(channelId, (book = { isBase, records: [], positions: new Map([[token, 0]]), passed: 0, sequence: 0n }));
    const at = book.positions.get(token);
    if (at === undefined) return;
    for (const [i, { action, record }] of records.entries()) {
      if (at + i < book.records.length) continue;
      const { key, cells } = decodeStreamRecord(record);
      const number = cells.find((cell) => cell.name === "n" && cell.op === "put");
      book.records.push({
        pk: String(key[0]!.value),
        number: action === "delete" || number?.op !== "put" ? undefined : Number(number.value),
      });
    }
    book.positions.set(nextToken, at + records.length);
  };

  /** A checkpoint was accepted: what it passed, or what is wrong with it. */
  passed(channelId: string, token: string, sequence: bigint): Passed | string {
    const book = this.#books.get(channelId);
    // A channel that ended before anything of it was read.
    if (book === undefined) return "nothing of the channel was read";
    const at = book.positions.get(token);
    if (at === undefined) return "it is at a place that nobody was told";
    if (at < book.passed) return `it goes back from record ${book.passed} to ${at}`;
    if (sequence <= book.sequence) return `its number goes back from ${book.sequence} to ${sequence}`;
    const numbers = new Map<string, number>();
    for (const { pk, number } of book.records.slice(book.passed, at)) {
      const told = number ?? this.#deletion(pk);
      if (!book.isBase) this.#newest.set(pk, told);
      numbers.set(pk, told);
    }
    book.passed = at;
    book.sequence = sequence;
    return { isBase: book.isBase, numbers };
  }

  /** The number of the first deletion of a key behind the last record that was passed. */
  #deletion(pk: string): number {
    const last = this.#newest.get(pk) ?? -1;
    return this.#states.get(pk)?.find(({ number, deleted }) => deleted && number > last)?.number ?? last;
  }
}
