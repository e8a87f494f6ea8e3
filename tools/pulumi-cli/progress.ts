/** Where long steps report: one line rewritten in place on a terminal, a line now and then elsewhere. */
export class Progress {
  readonly #stream: NodeJS.WriteStream;
  readonly #started = performance.now();
  #phase = "";
  #shownAt = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
  }

  /** A line that stays. */
  say(line: string): void {
    this.#clear();
    this.#stream.write(`${line}\n`);
    this.#shownAt = Number.NEGATIVE_INFINITY;
  }

  /** What is being done now; may be called as often as it changes. */
  phase(text: string): void {
    this.#phase = text;
    this.#timer ??= setInterval(() => this.#show(), 1_000);
    this.#show();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#clear();
  }

  get seconds(): number {
    return (performance.now() - this.#started) / 1_000;
  }

  #show(): void {
    const every = this.#stream.isTTY ? 0.2 : 15;
    if (this.seconds - this.#shownAt < every) return;
    this.#shownAt = this.seconds;
    const line = `  ${clockTime(this.seconds)}  ${this.#phase}`;
    if (this.#stream.isTTY) this.#stream.write(`\r\u001b[2K${line.slice(0, (this.#stream.columns || 80) - 1)}`);
    else this.#stream.write(`${line}\n`);
  }

  #clear(): void {
    if (this.#stream.isTTY) this.#stream.write("\r\u001b[2K");
  }
}

function clockTime(seconds: number): string {
  return `${String(Math.floor(seconds / 60))}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;
}
