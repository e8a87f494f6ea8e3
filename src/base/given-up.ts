/** Rejects with the signal's reason as soon as it is aborted; what is under way goes on, as it does behind a socket that its client has left. */
export function unlessGivenUp<Result>(running: Promise<Result>, signal: AbortSignal | undefined): Promise<Result> {
  if (signal === undefined) return running;
  return new Promise((resolve, reject) => {
    const giveUp = () => reject(signal.reason);
    const over = () => signal.removeEventListener("abort", giveUp);
    signal.addEventListener("abort", giveUp, { once: true });
    running.then(resolve, reject).finally(over);
    if (signal.aborted) giveUp();
  });
}
