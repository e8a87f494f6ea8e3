import type { ChangeEncoder, TargetChange } from "../../connector/change.ts";
import type { Refusal } from "../../job/mapping.ts";
import type { Writer } from "../../pipeline/writer.ts";
import { keyId } from "./key-id.ts";
import type { Mapped, Write } from "./map-change.ts";

/** A write that did not go through, and what it was for. */
export interface Failed<Owner> {
  readonly owner: Owner;
  readonly write: Write;
  readonly refusal: Refusal;
}

export interface Sent<Owner> {
  readonly written: { readonly put: number; readonly update: number; readonly delete: number };
  readonly failed: readonly Failed<Owner>[];
  readonly expiredCells: number;
}

/** Writes that go out together: never two of one target key (R10). */
export class Outbox<Owner> {
  readonly #changes: TargetChange[] = [];
  readonly #entries: { readonly owner: Owner; readonly write: Write }[] = [];
  /** Target keys in it; kept only where two source rows could have the same. */
  readonly #keys: Set<string> | undefined;

  /** @param distinct different source rows surely have different target keys */
  constructor(distinct: boolean) {
    this.#keys = distinct ? undefined : new Set();
  }

  get isEmpty(): boolean {
    return this.#entries.length === 0;
  }

  /** False: it holds a write of one of these target keys already, and must be sent first. */
  add(owner: Owner, { writes }: Mapped): boolean {
    const keys = this.#keys;
    if (keys !== undefined) {
      const ids = writes.map(({ change }) => keyId(change.key));
      if (ids.some((id) => keys.has(id))) return false;
      for (const id of ids) keys.add(id);
    }
    for (const write of writes) {
      this.#changes.push({ change: write.change, condition: write.condition, index: this.#entries.length });
      this.#entries.push({ owner, write });
    }
    return true;
  }

  /** Resolves once every write is acknowledged or refused for good. @throws as `Writer.write` */
  async send(encoder: ChangeEncoder, writer: Writer): Promise<Sent<Owner>> {
    const encoded = encoder.encode(this.#changes);
    const { refused } = await writer.write(encoded);
    const written = { put: 0, update: 0, delete: 0 };
    for (const { write } of this.#entries) written[write.change.type]++;
    const failed: Failed<Owner>[] = [];
    for (const { index, refusal } of [...encoded.refused, ...refused]) {
      const { owner, write } = this.#entries[index]!;
      written[write.change.type]--;
      if (write.ifHolds !== true || refusal.cause !== conditionFailed) failed.push({ owner, write, refusal });
    }
    return { written, failed, expiredCells: encoded.expiredCells ?? 0 };
  }
}

/** The service's answer where a condition does not hold. */
export const conditionFailed = "OTSConditionCheckFail";
