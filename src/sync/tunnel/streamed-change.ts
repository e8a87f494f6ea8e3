import { assert } from "../../base/assert.ts";
import type { EncodedRecord, SourceChange } from "../../connector/change.ts";
import type { RecordPage } from "../../wire/operation/record-page.ts";
import {
  decodeCommittedAt,
  decodeOriginRecord,
  decodeRecordKey,
  decodeStreamRecord,
  type StreamChange,
} from "../../wire/plainbuffer/decode-change.ts";

/** Where changes have their bytes, until these are used for another page. */
export class PageBytes {
  #page: RecordPage | undefined;

  constructor(page: RecordPage) {
    this.#page = page;
  }

  get page(): RecordPage {
    assert(this.#page !== undefined, "a page that is not given back");
    return this.#page;
  }

  /** Whoever looks for anything in it from now on has made a mistake. */
  close(): void {
    this.#page = undefined;
  }
}

/**
 * A change as it stands in its page, decoded part by part when somebody looks into it: whoever rewrites records as they are needs none of the objects that a
 * worker's garbage was made of. What was decoded outlives its page.
 */
export class StreamedChange implements SourceChange, EncodedRecord {
  readonly type: SourceChange["type"];
  readonly #from: PageBytes;
  readonly #record: number;
  #key: SourceChange["key"] | undefined;
  #whole: StreamChange | undefined;
  /** Null: none is kept. */
  #origin: SourceChange["origin"] | null;

  constructor(from: PageBytes, record: number) {
    this.type = from.page.action(record);
    this.#from = from;
    this.#record = record;
  }

  get encoded(): EncodedRecord {
    return this;
  }

  get bytes(): Uint8Array {
    return this.#from.page.body;
  }

  get start(): number {
    return this.#from.page.start(this.#record);
  }

  get end(): number {
    return this.#from.page.end(this.#record);
  }

  /** @throws TF_WIRE_CORRUPT */
  get key(): SourceChange["key"] {
    return (this.#key ??= this.#whole?.key ?? decodeRecordKey(this.bytes, this.start, this.end));
  }

  /** @throws TF_WIRE_CORRUPT */
  get cells(): SourceChange["cells"] {
    this.#whole ??= decodeStreamRecord(this.bytes, this.start, this.end);
    return this.#whole.cells;
  }

  /** @throws TF_WIRE_CORRUPT */
  get origin(): SourceChange["origin"] {
    if (this.#origin === undefined) {
      const bytes = this.#from.page.origin(this.#record);
      this.#origin = bytes === undefined ? null : decodeOriginRecord(bytes).cells;
    }
    return this.#origin ?? undefined;
  }

  /** @throws TF_WIRE_CORRUPT */
  get committedAt(): number | undefined {
    return this.#whole === undefined ? decodeCommittedAt(this.bytes, this.start, this.end) : this.#whole.sequence?.timestamp;
  }
}
