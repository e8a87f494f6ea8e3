import { fstatSync } from "node:fs";

const PARENT_POLL_MS = 1_000;

/**
 * Calls back once when the engine that started this process is gone, however it went. The engine holds the other end of
 * our stdin and never writes to it, so its end is the news; where stdin is no pipe, a changed parent is.
 */
export function onEngineGone(callback: () => void): void {
  let told = false;
  const tell = () => {
    if (told) return;
    told = true;
    callback();
  };
  if (fstatSync(0).isFIFO() || fstatSync(0).isSocket()) {
    process.stdin.once("end", tell).once("error", tell).resume();
  }
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) tell();
  }, PARENT_POLL_MS).unref();
}
