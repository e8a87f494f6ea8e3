import type { Gate, Hold } from "../base/gate.ts";
import { toError } from "../base/error.ts";
import { FINISHED } from "../wire/tunnel-token.ts";
import type { ChangePage, HeldChannel } from "./channel.ts";

export interface PageQueueOptions {
  readonly channel: Pick<HeldChannel, "start" | "read">;
  /** Bytes in flight over all channels (R14). */
  readonly room: Gate;
  /** Bytes read ahead, and so taken together, at most, a page aside. */
  readonly aheadBytes: number;
  /** Resolves when reading is allowed (a sync may be paused). */
  readonly allowed: (signal: AbortSignal) => Promise<void>;
  /** Ends reading. */
  readonly signal: AbortSignal;
}

/** Pages read together; `release` gives their bytes back, once. */
export interface Window {
  readonly pages: readonly ChangePage[];
  release(): void;
}

/** What a page is taken for before it is there; only while more is known to be ready, so that idle channels hold nothing. */
const expectedPageBytes = 1_048_576;

/** Reads a channel ahead of whoever applies it, as far as the bytes in flight allow. */
export class PageQueue {
  readonly #options: PageQueueOptions;
  readonly #pages: ChangePage[] = [];
  /** Of each page; pages without bytes hold nothing. */
  readonly #holds: (Hold | undefined)[] = [];
  #bytes = 0;
  #ended = false;
  #failure: Error | undefined;
  #wakeTaker: () => void = () => undefined;
  #wakeReader: () => void = () => undefined;
  readonly #done: Promise<void>;

  constructor(options: PageQueueOptions) {
    this.#options = options;
    this.#done = this.#read();
  }

  /** The pages that are there, once there is one; undefined when reading has ended and everything was taken. @throws what reading threw */
  async take(): Promise<Window | undefined> {
    while (this.#pages.length === 0) {
      if (this.#failure !== undefined) throw this.#failure;
      if (this.#ended) return undefined;
      await new Promise<void>((resolve) => (this.#wakeTaker = resolve));
    }
    const pages = this.#pages.splice(0);
    const holds = this.#holds.splice(0);
    this.#bytes = 0;
    this.#wakeReader();
    const release = () => {
      for (const page of pages) page.release?.();
      for (const hold of holds) hold?.release();
    };
    return { pages, release };
  }

  /** Waits for the reader to end, whose signal must be aborted, and gives back what was not taken. */
  async close(): Promise<void> {
    this.#wakeReader();
    await this.#done;
    for (const hold of this.#holds.splice(0)) hold?.release();
    for (const page of this.#pages.splice(0)) page.release?.();
  }

  async #read(): Promise<void> {
    const { channel, room, aheadBytes, allowed, signal } = this.#options;
    let token = channel.start;
    let more = false;
    try {
      while (token !== FINISHED && !signal.aborted) {
        await allowed(signal);
        let hold = more ? await room.acquire(expectedPageBytes, signal) : undefined;
        try {
          const page = await channel.read(token, signal);
          if (hold === undefined && page.bytes > 0) hold = await room.acquire(page.bytes, signal);
          else hold?.resize(page.bytes);
          this.#push(page, hold);
          hold = undefined;
          token = page.next;
          more = page.more;
        } finally {
          hold?.release();
        }
        while (this.#bytes >= aheadBytes && !signal.aborted) await new Promise<void>((resolve) => (this.#wakeReader = resolve));
      }
    } catch (error) {
      if (!signal.aborted) this.#failure = toError(error);
    }
    this.#ended = true;
    this.#wakeTaker();
  }

  #push(page: ChangePage, hold: Hold | undefined): void {
    this.#pages.push(page);
    this.#holds.push(hold);
    this.#bytes += page.bytes;
    this.#wakeTaker();
  }
}
