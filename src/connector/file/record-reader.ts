import { isUtf8 } from "node:buffer";
import { ArrayFramer } from "./array-framer.ts";
import { openBytes, type ByteReader } from "./byte-reader.ts";
import { CsvFramer } from "./csv-framer.ts";
import { formatError } from "./file-error.ts";
import { FrameFault, type Framer } from "./framer.ts";
import type { FileLayout } from "./layout.ts";
import { LineFramer } from "./line-framer.ts";

/** Where a record stands or a scan goes on: unpacked bytes and lines passed. */
export interface Place {
  readonly offset: number;
  /** Lines before it, so that the first line of a file has place 0. */
  readonly line: number;
}

const pieceBytes = 1024 * 1024;
/** A record beyond this is taken for a missing quote or bracket rather than for a row (sixteen full Table Store cells). */
export const recordBytesMax = 32 * 1024 * 1024;

/**
 * Reads records one after the other in constant memory: one window of bytes, which grows only when a single record
 * does not fit.
 */
export class RecordReader {
  /** The record found by `next`; undefined where its bytes are no UTF-8. */
  text: string | undefined;
  /** Whether it may hold quotes (CSV). */
  quoted = false;
  /** Why it cannot be a row although its end is known. */
  fault: string | undefined;
  /** Number of its first line, from 1. */
  line = 0;

  readonly #layout: FileLayout;
  readonly #framer: Framer;
  readonly #bytes: ByteReader;
  readonly #until: number;
  /** The window's own memory, its filled part and where in it the next search begins. */
  #memory = Buffer.allocUnsafeSlow(pieceBytes);
  #window = this.#memory.subarray(0, 0);
  #at = 0;
  #offset: number;
  /** Lines passed. */
  #line: number;
  #last = false;
  #allUtf8 = false;

  private constructor(layout: FileLayout, bytes: ByteReader, from: Place, until: number, resuming: boolean) {
    this.#layout = layout;
    this.#bytes = bytes;
    this.#until = until;
    this.#offset = from.offset;
    this.#line = from.line;
    this.#framer =
      layout.format === "json" ? new ArrayFramer(resuming) : layout.format === "csv" ? new CsvFramer(layout.delimiter) : new LineFramer();
  }

  /** `until`: offset at which to stop, which must be a record's end. `resuming`: `from` lies behind a record (JSON array). */
  static async open(layout: FileLayout, from: Place, until: number, resuming: boolean, signal?: AbortSignal): Promise<RecordReader> {
    return new RecordReader(layout, await openBytes(layout, from.offset, signal), from, until, resuming);
  }

  /** Behind the record last read. */
  get place(): Place {
    return { offset: this.#offset + this.#at, line: this.#line };
  }

  /** Finds the next record of the window. False: more bytes are needed, or the end is reached. @throws TF_SOURCE_FORMAT */
  next(): boolean {
    const framer = this.#framer;
    try {
      if (!framer.find(this.#window, this.#at, this.#last)) return false;
    } catch (error) {
      if (error instanceof FrameFault) throw this.#structureError(error);
      throw error;
    }
    this.#at = framer.next;
    this.line = this.#line + framer.linesBefore + 1;
    this.#line = this.line - 1 + framer.linesWithin;
    this.fault = framer.fault;
    this.quoted = framer instanceof CsvFramer && framer.quoted;
    const { start, stop } = framer;
    if (this.#layout.latin1) this.text = this.#window.toString("latin1", start, stop);
    else this.text = this.#allUtf8 || isUtf8(this.#window.subarray(start, stop)) ? this.#window.toString("utf8", start, stop) : undefined;
    return true;
  }

  /** The record as it stands, whatever its encoding, cut at 64 KiB. */
  original(): string {
    const { start, stop } = this.#framer;
    return this.text?.slice(0, 65_536) ?? this.#window.toString("latin1", start, Math.min(stop, start + 65_536));
  }

  /** Reads on after `next` said no. False: nothing follows. @throws TF_SOURCE_FORMAT, TF_IO */
  async more(): Promise<boolean> {
    if (this.#last) return false;
    const rest = this.#window.length - this.#at;
    if (rest > recordBytesMax) {
      throw formatError(
        this.#lineTitle(this.#line + 1),
        `a row goes on for more than ${recordBytesMax / 1024 / 1024} MB`,
        "Usually a closing quote or bracket is missing. Correct the file at the place named.",
      );
    }
    // A window grows with the record it must hold, so that searching a long record again stays linear.
    const needed = Math.max(pieceBytes, rest * 2);
    const memory = needed > this.#memory.length ? Buffer.allocUnsafeSlow(needed) : this.#memory;
    this.#window.copy(memory, 0, this.#at);
    this.#memory = memory;
    this.#offset += this.#at;
    this.#at = 0;
    const filled = await this.#fill(memory, rest);
    this.#window = memory.subarray(0, filled);
    this.#allUtf8 = !this.#layout.latin1 && isUtf8(this.#window.subarray(0, this.#wholeCharacters()));
    this.#skipMark();
    return true;
  }

  async #fill(memory: Buffer, from: number): Promise<number> {
    const room = Math.min(memory.length, this.#until - this.#offset);
    let filled = from;
    while (filled < room) {
      const read = await this.#bytes.read(memory.subarray(filled, room));
      if (read === 0) {
        if (this.#until !== Infinity)
          throw formatError(
            this.#layout.title,
            "the file became shorter while it was read",
            "Leave the file alone while the job runs, then run it again.",
          );
        this.#last = true;
        break;
      }
      filled += read;
    }
    if (this.#offset + filled >= this.#until) this.#last = true;
    return filled;
  }

  /** Length of the window without a character that is cut by its end: that one belongs to a record still to be read. */
  #wholeCharacters(): number {
    const window = this.#window;
    if (this.#last) return window.length;
    for (let back = 1; back <= Math.min(3, window.length); back++) {
      const byte = window[window.length - back]!;
      if (byte >= 0xc0) return window.length - back;
      if (byte < 0x80) break;
    }
    return window.length;
  }

  #skipMark(): void {
    if (this.#offset !== 0 || this.#at !== 0) return;
    const window = this.#window;
    if (window[0] === 0xef && window[1] === 0xbb && window[2] === 0xbf) this.#at = 3;
    if ((window[0] === 0xff && window[1] === 0xfe) || (window[0] === 0xfe && window[1] === 0xff)) {
      throw formatError(this.#layout.title, "the file is UTF-16", "Convert it to UTF-8, e.g. `iconv -f UTF-16 -t UTF-8`.");
    }
  }

  #lineTitle(line: number): string {
    return `${this.#layout.title}:${line}`;
  }

  #structureError(fault: FrameFault): Error {
    const before = this.#window.subarray(this.#at, fault.at);
    let line = this.#line + 1;
    for (let at = before.indexOf(0x0a); at >= 0; at = before.indexOf(0x0a, at + 1)) line++;
    return formatError(this.#lineTitle(line), fault.message);
  }

  async close(): Promise<void> {
    await this.#bytes.close();
  }
}
