/** Of extensions and trailers, which nobody reads, all together. */
const UNREAD_BYTES_MAX = 16 * 1024;
/** Hexadecimal digits of a size: 4 GB. */
const SIZE_DIGITS_MAX = 8;

const TAB = 0x09;
const LINE_FEED = 0x0a;
const RETURN = 0x0d;
const SPACE = 0x20;
const SEMICOLON = 0x3b;
const DELETE = 0x7f;

type Place = "size" | "extension" | "content" | "behind-content" | "trailer" | "end";

/**
 * Finds the content of a body of `transfer-encoding: chunked` (RFC 9112, 7.1) among its framing, however the bytes are cut. Strict, because two readers that
 * disagree about framing let a message be smuggled past one of them: lines end with CR LF, and a size is nothing but digits.
 */
export class ChunkFraming {
  #place: Place = "size";
  /** The byte before was the CR of a line's end. */
  #returned = false;
  /** Of the present chunk, or of its content still to come. */
  #size = 0;
  /** Bytes of the present line that say something. */
  #length = 0;
  #unread = 0;

  /** Everything is read, trailers included. */
  get complete(): boolean {
    return this.#place === "end";
  }

  /**
   * Reads `bytes[from, to)` and hands on where content lies in them, piece after piece, until the body ends there or `keep` answers false: it wants no more.
   * Returns the offset behind what was read. @throws Error where framing is broken, and what `keep` throws
   */
  take(bytes: Uint8Array, from: number, to: number, keep: (from: number, to: number) => boolean): number {
    let at = from;
    while (at < to && this.#place !== "end") {
      if (this.#place !== "content") {
        this.#read(bytes[at++]!);
        continue;
      }
      const end = Math.min(to, at + this.#size);
      const goesOn = keep(at, end);
      this.#size -= end - at;
      if (this.#size === 0) this.#begin("behind-content");
      at = end;
      if (!goesOn) break;
    }
    return at;
  }

  #read(byte: number): void {
    if (this.#returned) {
      if (byte !== LINE_FEED) throw broken();
      this.#endLine();
    } else if (byte === RETURN) {
      this.#returned = true;
    } else if (this.#place === "size") {
      this.#readSize(byte);
    } else {
      if (this.#place === "behind-content" || ++this.#unread > UNREAD_BYTES_MAX) throw broken();
      if ((byte < SPACE && byte !== TAB) || byte === DELETE) throw broken();
      this.#length++;
    }
  }

  #readSize(byte: number): void {
    const digit = valueOf(byte);
    if (digit >= 0 && this.#length < SIZE_DIGITS_MAX) {
      this.#size = this.#size * 16 + digit;
      this.#length++;
    } else {
      if (this.#length === 0 || (byte !== SEMICOLON && byte !== SPACE && byte !== TAB)) throw broken();
      this.#place = "extension";
    }
  }

  #endLine(): void {
    if (this.#place === "trailer") return this.#begin(this.#length === 0 ? "end" : "trailer");
    if (this.#place === "behind-content") return this.#begin("size");
    if (this.#length === 0) throw broken();
    this.#begin(this.#size === 0 ? "trailer" : "content");
  }

  #begin(place: Place): void {
    this.#place = place;
    this.#returned = false;
    this.#length = 0;
  }
}

/** Of a hexadecimal digit; −1 for any other byte. */
function valueOf(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}

function broken(): Error {
  return new Error("the chunks of a body are broken");
}
