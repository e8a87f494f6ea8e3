import type { ChangeEncoder, RecordEncoder, SourceChange } from "../../connector/change.ts";
import type { ScanScope } from "../../connector/connector.ts";
import type { CompiledMapping, Refusal } from "../../job/mapping.ts";
import type { Writer } from "../../pipeline/writer.ts";
import { clockMargin } from "./fold.ts";
import { keyId } from "./key-id.ts";
import type { ParkedKeys } from "./parked-keys.ts";

/** What became of changes that were sent as they came, and what was left. */
export interface Straight {
  readonly puts: number;
  readonly updates: number;
  /** Of keys that have no other change in the window. */
  readonly refused: readonly { readonly change: SourceChange; readonly refusal: Refusal }[];
  /** In their order; all changes of a key, or none. */
  readonly left: readonly SourceChange[];
  /** Commit time (µs) of the newest change sent. */
  readonly newest: number | undefined;
}

export interface StraightwayOptions {
  readonly mapping: CompiledMapping;
  readonly scope: ScanScope;
  readonly writer: Writer;
  readonly parked: ParkedKeys;
}

/**
 * Sends what need not be decoded: the only change of its key in a window, under a mapping that copies, renames and leaves out (mode `cells`, R1). Everything
 * else is left to folding and mapping, which give the same for what is sent here.
 */
export class Straightway {
  readonly #writer: Writer;
  readonly #parked: ParkedKeys;
  readonly #encoder: RecordEncoder | undefined;

  constructor({ mapping, scope, writer, parked }: StraightwayOptions, encoder: ChangeEncoder) {
    const { plan, mode, injectiveBy } = mapping;
    this.#writer = writer;
    this.#parked = parked;
    // Target keys are told apart by source keys alone, and rows are wanted whatever stands in them.
    const told = mode === "cells" && injectiveBy === "proof" && scope.range === undefined && scope.filter === undefined;
    const terms = { versions: scope.versions, stampedWithinMs: clockMargin };
    this.#encoder = plan !== undefined && told ? encoder.records?.(plan, terms) : undefined;
  }

  /** Resolves once what was sent is acknowledged or refused for good. @throws as `Writer.write`; TF_WIRE_CORRUPT */
  async send(changes: readonly SourceChange[]): Promise<Straight> {
    if (this.#encoder === undefined) return { ...nothing, left: changes };
    const parked = this.#parked;
    const aside = parked.size === 0 ? undefined : ({ key }: SourceChange) => parked.has(keyId(key));
    const encoded = this.#encoder.encode(changes, aside);
    let { puts, updates } = encoded;
    if (encoded.parcels.length === 0) return { ...nothing, left: encoded.left };
    const { refused } = await this.#writer.write(encoded);
    for (const { index } of refused) {
      if (changes[index]!.type === "put") puts--;
      else updates--;
    }
    return {
      puts,
      updates,
      refused: refused.map(({ index, refusal }) => ({ change: changes[index]!, refusal })),
      left: encoded.left,
      newest: encoded.newest,
    };
  }
}

const nothing = { puts: 0, updates: 0, refused: [], newest: undefined } as const;
