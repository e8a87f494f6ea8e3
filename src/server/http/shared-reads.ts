import { Socket, type SocketConstructorOpts } from "node:net";

/** What one visit to the system brings at most. */
const READ_BYTES = 256 * 1024;
/** On Windows memory is given away before something has come, so sockets cannot share it. */
const shareable = process.platform !== "win32";

/** A socket as `node:net` accepts it. What lies beneath is not documented; where it is missing, nothing is shared. */
interface Accepted {
  _handle?: object | null;
}

/** Takes what has come; the bytes are good until it returns. */
export type TakeBytes = (bytes: Buffer) => void;

export interface ReadSocket {
  readonly socket: Socket;
  /** To be called once, before the event loop turns. */
  readonly onBytes: (take: TakeBytes) => void;
}

/**
 * Reads accepted sockets into memory that all of them share, one after the other: left to itself `node:net` makes 64 KB for every read and hands them to the
 * collector, which costs more than what is read. The way to say so is documented for sockets that connect only (`onread`), so an accepted one is given up for another
 * over the same connection.
 */
export class SharedReads {
  readonly #memory: Buffer | undefined;

  constructor(shares = shareable) {
    this.#memory = shares ? Buffer.allocUnsafeSlow(READ_BYTES) : undefined;
  }

  /**
   * @param accepted from a server with `pauseOnConnect`; the server goes on counting it as long as the connection is open
   * @returns the socket to use in its place, which emits no `data`
   */
  read(accepted: Socket): ReadSocket {
    const beneath: Accepted = accepted as Accepted;
    const handle = beneath._handle;
    const memory = this.#memory;
    if (memory === undefined || handle === undefined || handle === null) return plain(accepted);
    let take: TakeBytes = () => undefined;
    beneath._handle = null;
    const onread = {
      buffer: memory,
      callback: (count: number, bytes: Uint8Array) => {
        take((bytes as Buffer).subarray(0, count));
        return true;
      },
    };
    const socket = new Socket({ handle, onread, allowHalfOpen: accepted.allowHalfOpen } as SocketConstructorOpts);
    socket.once("close", () => accepted.destroy());
    return { socket, onBytes: (taker) => (take = taker) };
  }
}

function plain(socket: Socket): ReadSocket {
  return {
    socket,
    onBytes: (take) => {
      socket.on("data", take);
      socket.resume();
    },
  };
}
