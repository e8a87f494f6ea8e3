import type { CompiledMapping, FlowRow } from "../../job/mapping.ts";
import type { Batch, Encoded, Encoder, Parcel, Position } from "../connector.ts";
import { mapBatch, refusing, type RefusedRow } from "../map-batch.ts";
import type { FileLayout } from "./layout.ts";
import type { RowWriter } from "./row-writer.ts";
import type { Appender } from "./work-folder.ts";

const parcelCharactersMax = 1024 * 1024;

/** Text of some rows, to be appended to the piece of the file that belongs to their split. */
export class FileParcel implements Parcel {
  readonly appender: Appender;
  /** Counts the parcels of an appender; they must be written in this order. */
  readonly sequence: number;
  readonly content: Buffer;
  /** The batch's position, on its last parcel. */
  readonly position: Position | undefined;
  readonly #sources: readonly number[];
  readonly #texts: readonly string[];
  readonly #latin1: boolean;

  constructor(
    place: Pick<FileParcel, "appender" | "sequence" | "position">,
    texts: readonly string[],
    sources: readonly number[],
    latin1: boolean,
  ) {
    this.appender = place.appender;
    this.sequence = place.sequence;
    this.position = place.position;
    this.#texts = texts;
    this.#sources = sources;
    this.#latin1 = latin1;
    this.content = Buffer.from(texts.join(""), latin1 ? "latin1" : "utf8");
  }

  get rows(): number {
    return this.#texts.length;
  }

  get bytes(): number {
    return this.content.length;
  }

  sourceIndex(i: number): number {
    return this.#sources[i]!;
  }

  only(rows: readonly number[]): Parcel {
    return new FileParcel(
      this,
      rows.map((row) => this.#texts[row]!),
      rows.map((row) => this.#sources[row]!),
      this.#latin1,
    );
  }
}

/** Makes parcels of about a megabyte of text. The last one of a batch carries the batch's position, even when it has no rows. */
export class FileEncoder implements Encoder {
  readonly #layout: FileLayout;
  readonly #mapping: CompiledMapping;
  readonly #writer: RowWriter;
  readonly #appenderFor: (batch: Batch) => Appender;

  constructor(layout: FileLayout, mapping: CompiledMapping, writer: RowWriter, appenderFor: (batch: Batch) => Appender) {
    this.#layout = layout;
    this.#mapping = mapping;
    this.#writer = writer;
    this.#appenderFor = appenderFor;
  }

  encode(batch: Batch): Encoded {
    const rows: FlowRow[] = [];
    const indexes: number[] = [];
    const mapped = mapBatch(batch, this.#mapping, undefined, (row, index) => {
      rows.push(row);
      indexes.push(index);
    });
    this.#writer.learn(rows);
    const appender = this.#appenderFor(batch);
    const parcels: FileParcel[] = [];
    let texts: string[] = [];
    let sources: number[] = [];
    let characters = 0;
    const cut = (position: Position | undefined) => {
      parcels.push(new FileParcel({ appender, sequence: appender.nextSequence(), position }, texts, sources, this.#layout.latin1));
      texts = [];
      sources = [];
      characters = 0;
    };
    const unwritable: RefusedRow[] = [];
    for (let i = 0; i < rows.length; i++) {
      refusing(unwritable, indexes[i]!, () => {
        const text = this.#writer.text(rows[i]!);
        if (characters > 0 && characters + text.length > parcelCharactersMax) cut(undefined);
        texts.push(text);
        sources.push(indexes[i]!);
        characters += text.length;
      });
    }
    cut(batch.position);
    appender.encodedTo = batch.position;
    return { parcels, refused: [...mapped.refused, ...unwritable], filtered: mapped.filtered, rowsOut: rows.length - unwritable.length };
  }
}
