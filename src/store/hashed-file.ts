import { createHash, type Hash } from "node:crypto";
import type { FileHandle } from "node:fs/promises";

const CHUNK_BYTES = 1024 * 1024;

/** Writes a file in large pieces and ends it with the SHA-256 of all that was written. */
export class HashedOutput {
  readonly #file: FileHandle;
  readonly #hash: Hash = createHash("sha256");
  #parts: Uint8Array[] = [];
  #held = 0;
  /** Written so far, the digest included. */
  bytes = 0;

  constructor(file: FileHandle) {
    this.#file = file;
  }

  /** The parts must stay unchanged until the next call settles. */
  async write(...parts: readonly Uint8Array[]): Promise<void> {
    for (const part of parts) {
      this.#hash.update(part);
      this.#hold(part);
    }
    if (this.#held >= CHUNK_BYTES) await this.#flush();
  }

  async writeDigest(): Promise<void> {
    this.#hold(this.#hash.digest());
    await this.#flush();
  }

  #hold(part: Uint8Array): void {
    this.#parts.push(part);
    this.#held += part.length;
    this.bytes += part.length;
  }

  async #flush(): Promise<void> {
    await this.#file.writeFile(Buffer.concat(this.#parts));
    this.#parts = [];
    this.#held = 0;
  }
}

/** Reads such a file. */
export class HashedInput {
  readonly #file: FileHandle;
  readonly #damaged: (why: string) => Error;
  readonly #hash: Hash = createHash("sha256");
  #rest: Buffer = Buffer.alloc(0);

  /** @param damaged makes the error for a file that is not what it should be */
  constructor(file: FileHandle, damaged: (why: string) => Error) {
    this.#file = file;
    this.#damaged = damaged;
  }

  /** The next bytes; nobody else writes to them. @throws when the file ends before */
  async read(length: number): Promise<Buffer> {
    const bytes = await this.#take(length);
    this.#hash.update(bytes);
    return bytes;
  }

  /** @throws unless the file ends here, with the digest of what was read */
  async checkDigest(): Promise<void> {
    const digest = this.#hash.digest();
    if (!digest.equals(await this.#take(digest.length))) throw this.#damaged("its checksum does not match");
    if (this.#rest.length > 0 || (await this.#more()).length > 0) throw this.#damaged("something follows its end");
  }

  async #take(length: number): Promise<Buffer> {
    const parts = [this.#rest];
    let held = this.#rest.length;
    while (held < length) {
      const more = await this.#more();
      if (more.length === 0) throw this.#damaged("it is cut off");
      parts.push(more);
      held += more.length;
    }
    const bytes = parts.length === 1 ? this.#rest : Buffer.concat(parts);
    this.#rest = bytes.subarray(length);
    return bytes.subarray(0, length);
  }

  async #more(): Promise<Buffer> {
    const { bytesRead, buffer } = await this.#file.read(Buffer.allocUnsafe(CHUNK_BYTES), 0, CHUNK_BYTES);
    return buffer.subarray(0, bytesRead);
  }
}
