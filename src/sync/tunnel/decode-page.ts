import type { SourceChange } from "../../connector/change.ts";
import type { RecordPage } from "../../wire/operation/record-page.ts";
import type { ChangePage } from "../channel.ts";
import type { PageRooms } from "./page-rooms.ts";
import { PageBytes, StreamedChange } from "./streamed-change.ts";

export interface PageFacts {
  readonly more: boolean;
  readonly askedAt: number;
}

/**
 * A page as it came. As bytes it can wait its turn at no cost, while decoded changes that wait are copied about by the garbage collector (a third of a worker's
 * CPU).
 */
export class UndecodedPage implements ChangePage {
  readonly bytes: number;
  readonly next: string;
  readonly more: boolean;
  readonly askedAt: number;
  readonly #from: PageBytes;
  readonly #rooms: PageRooms | undefined;
  #changes: readonly SourceChange[] | undefined;

  /** @param rooms to which its memory is given back */
  constructor(page: RecordPage, { more, askedAt }: PageFacts, rooms?: PageRooms) {
    this.#rooms = rooms;
    this.#from = new PageBytes(page);
    this.bytes = page.recordBytes;
    this.next = page.nextToken;
    this.more = more;
    this.askedAt = askedAt;
  }

  /** What the records say (reference 5.7, 6.3); those of base data carry no time. */
  get changes(): readonly SourceChange[] {
    if (this.#changes === undefined) {
      const from = this.#from;
      const changes: SourceChange[] = [];
      for (let record = 0; record < from.page.count; record++) changes.push(new StreamedChange(from, record));
      this.#changes = changes;
    }
    return this.#changes;
  }

  release(): void {
    const { body } = this.#from.page;
    this.#from.close();
    this.#rooms?.giveBack(body);
  }
}
