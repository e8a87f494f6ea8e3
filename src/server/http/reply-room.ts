/** A reply's head and body together up to this long are sent in one piece. */
const ROOM_BYTES = 32 * 1024;

/**
 * Memory in which short replies of all connections are put together. The system mostly takes a reply within the call that sends it, and then the memory is
 * free for the next one.
 */
export class ReplyRoom {
  #room = Buffer.allocUnsafeSlow(ROOM_BYTES);

  /** Both in one piece, good until the next call; undefined when they are too long for that. */
  join(head: string, body: Uint8Array): Buffer | undefined {
    const length = head.length + body.length;
    if (length > ROOM_BYTES) return undefined;
    this.#room.write(head, "latin1");
    this.#room.set(body, head.length);
    return this.#room.subarray(0, length);
  }

  /** What was put together last is still needed. */
  leave(): void {
    this.#room = Buffer.allocUnsafeSlow(ROOM_BYTES);
  }
}
