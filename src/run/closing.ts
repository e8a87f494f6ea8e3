/** Things to close at the end, in the reverse order of their opening; all are closed, the first failure is reported. */
export class Closing {
  readonly #closers: (() => Promise<void>)[] = [];

  /** Notes something to close and returns it. */
  add<T extends { close(): Promise<void> }>(opened: T): T {
    this.#closers.push(() => opened.close());
    return opened;
  }

  async close(): Promise<void> {
    const failures: unknown[] = [];
    for (const close of this.#closers.splice(0).reverse()) await close().catch((error: unknown) => failures.push(error));
    if (failures.length > 0) throw failures[0];
  }
}

/** Gives `use` a `Closing` and closes it afterwards; what `use` threw matters more than what closing threw. */
export async function closing<T>(use: (opened: Closing) => Promise<T>): Promise<T> {
  const opened = new Closing();
  let result: T;
  try {
    result = await use(opened);
  } catch (error) {
    await opened.close().catch(() => undefined);
    throw error;
  }
  await opened.close();
  return result;
}
