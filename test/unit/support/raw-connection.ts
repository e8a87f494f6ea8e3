import { connect, type Socket } from "node:net";

/** A client that sends whatever bytes it likes. Bytes are told as text, one character each. */
export class RawConnection {
  readonly socket: Socket;
  /** Everything received until the other side closed. */
  readonly everything: Promise<string>;
  #received = "";
  #told = 0;
  #arrived: () => void = () => undefined;
  closed = false;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.setNoDelay(true);
    socket.on("data", (bytes: Buffer) => {
      this.#received += bytes.toString("latin1");
      this.#arrived();
    });
    this.everything = new Promise((resolve, reject) => {
      socket.on("error", reject);
      socket.on("close", () => {
        this.closed = true;
        this.#arrived();
        resolve(this.#received);
      });
    });
    // Whoever does not ask how it ended need not hear of it.
    this.everything.catch(() => undefined);
  }

  static async open(port: number): Promise<RawConnection> {
    const socket = connect(port, "127.0.0.1");
    await new Promise<void>((resolve, reject) => socket.once("connect", resolve).once("error", reject));
    return new RawConnection(socket);
  }

  send(text: string): void {
    this.socket.write(text, "latin1");
  }

  /** Sends pieces one by one, so that they do not arrive as one. */
  async sendInPieces(pieces: readonly string[]): Promise<void> {
    for (const piece of pieces) {
      await new Promise<void>((resolve) => this.socket.write(piece, "latin1", () => resolve()));
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
  }

  /** The next reply, with as much of a body as its head says; what has come of it when the other side closes. */
  async reply(): Promise<string> {
    for (;;) {
      const rest = this.#received.slice(this.#told);
      const head = rest.indexOf("\r\n\r\n");
      const length = head < 0 ? 0 : Number(/\r\ncontent-length: (\d+)\r\n/.exec(rest.slice(0, head + 2))?.[1] ?? 0);
      if (this.closed || (head >= 0 && rest.length >= head + 4 + length)) {
        this.#told += head < 0 ? rest.length : head + 4 + length;
        return rest.slice(0, head < 0 ? rest.length : head + 4 + length);
      }
      await new Promise<void>((resolve) => (this.#arrived = resolve));
    }
  }
}

/** Everything the server sends to these bytes until it closes. */
export async function rawExchange(port: number, text: string): Promise<string> {
  const connection = await RawConnection.open(port);
  connection.send(text);
  return connection.everything;
}
