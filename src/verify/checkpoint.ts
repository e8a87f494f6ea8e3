import { hash } from "node:crypto";
import { promisify } from "node:util";
import { deflateRaw, inflateRaw } from "node:zlib";
import type { StateStore } from "../pipeline/state-store.ts";
import { Digest, DIGEST_BYTES } from "./digest.ts";
import type { SplitProgress } from "./read-splits.ts";
import type { SideDigest, SideTally } from "./side-digest.ts";

/** Where an interrupted verification is kept. */
export interface CheckpointPlace {
  readonly store: StateStore;
  /** Keys begin with it; several verifications may share a store. */
  readonly prefix: string;
  /** Names this run. */
  readonly token: string;
}

export interface SavedVerification {
  /** Wall clock in milliseconds when the first row was read. */
  readonly begun: number;
  /** Wall clock when this was saved. */
  readonly saved: number;
  readonly source: SideDigest;
  readonly target: SideDigest;
}

interface Head {
  readonly identity: string;
  readonly begun: number;
  readonly saved: number;
  readonly slot: 0 | 1;
  readonly parts: number;
  readonly sha256: string;
}

interface SideJson {
  readonly splits: readonly SplitProgress[];
  readonly tally: SideTally;
}

/** Characters an entry holds: state tables take 2 MB a cell. */
const PART_CHARACTERS = 1_000_000;

/**
 * Both digests as they were after the same batches, with the position of every split behind those batches. Because a digest is a
 * sum, one pair serves all splits, so what is kept is bounded whatever their number: at most two generations of 5.3 MB and the list
 * of splits. A generation is written part by part into the slot that is not in use, then the head is moved to it; a kill in between
 * leaves the earlier one. The head names the SHA-256 of the whole, so that a torn generation is never believed.
 */
export class VerificationCheckpoints {
  readonly #place: CheckpointPlace;
  readonly #identity: string;
  #slot: 0 | 1 = 0;

  /** @param identity what is verified against what, by which mapping: anything saved under another one is not taken up */
  constructor(place: CheckpointPlace, identity: string) {
    this.#place = place;
    this.#identity = identity;
  }

  /** What was saved for this identity at `since` (wall clock) or later. */
  async load(since: number): Promise<SavedVerification | undefined> {
    const entry = await this.#place.store.get(this.#key("head"));
    if (entry === undefined) return undefined;
    const head = JSON.parse(entry.value) as Head;
    this.#slot = head.slot;
    if (head.identity !== this.#identity || head.saved < since) return undefined;
    const parts: string[] = [];
    for (let i = 0; i < head.parts; i++) {
      const part = await this.#place.store.get(this.#key(`${head.slot}/${i}`));
      if (part === undefined) return undefined;
      parts.push(part.value);
    }
    const packed = parts.join("");
    if (hash("sha256", packed) !== head.sha256) return undefined;
    const bytes = await promisify(inflateRaw)(Buffer.from(packed, "base64"));
    return { begun: head.begun, saved: head.saved, ...unpack(bytes) };
  }

  /**
   * Saves. The sides are read before the first wait, so what is saved is one moment. False: another run of the same verification
   * writes here, and saving again is of no use.
   */
  async save({ begun, saved, source, target }: SavedVerification): Promise<boolean> {
    const bytes = pack(source, target);
    const packed = (await promisify(deflateRaw)(bytes, { level: 1 })).toString("base64");
    const slot = this.#slot === 0 ? 1 : 0;
    const parts = Math.ceil(packed.length / PART_CHARACTERS);
    for (let i = 0; i < parts; i++) {
      if (!(await this.#put(`${slot}/${i}`, packed.slice(i * PART_CHARACTERS, (i + 1) * PART_CHARACTERS)))) return false;
    }
    const head: Head = { identity: this.#identity, begun, saved, slot, parts, sha256: hash("sha256", packed) };
    if (!(await this.#put("head", JSON.stringify(head)))) return false;
    this.#slot = slot;
    return true;
  }

  /** Forgets everything; the head first. */
  async clear(): Promise<void> {
    await this.#place.store.remove(this.#key("head"));
    const keys: string[] = [];
    for await (const [key] of this.#place.store.scan(this.#key(""))) keys.push(key);
    for (const key of keys) await this.#place.store.remove(key);
  }

  #key(name: string): string {
    return `${this.#place.prefix}/${name}`;
  }

  async #put(name: string, value: string): Promise<boolean> {
    const { store, token } = this.#place;
    const key = this.#key(name);
    const stored = await store.get(key);
    return store.compareAndSet(key, stored, { token, seq: stored?.token === token ? stored.seq + 1 : 1, value });
  }
}

/** Length of the JSON (4 bytes, little-endian), the JSON of both sides, the two digests. */
function pack(source: SideDigest, target: SideDigest): Uint8Array {
  const sides: SideJson[] = [source, target].map(({ splits, tally }) => ({ splits, tally }));
  const json = Buffer.from(JSON.stringify(sides));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(json.length);
  return Buffer.concat([length, json, source.digest.serialise(), target.digest.serialise()]);
}

function unpack(bytes: Buffer): { source: SideDigest; target: SideDigest } {
  const digestsAt = 4 + bytes.readUInt32LE(0);
  const [source, target] = JSON.parse(bytes.toString("utf8", 4, digestsAt)) as [SideJson, SideJson];
  return {
    source: { ...source, digest: Digest.parse(bytes.subarray(digestsAt, digestsAt + DIGEST_BYTES)) },
    target: { ...target, digest: Digest.parse(bytes.subarray(digestsAt + DIGEST_BYTES)) },
  };
}
