import type { Streams } from "../../store/stream.ts";
import { StreamTrimmed } from "../../store/stream.ts";
import { refusal } from "./refusal.ts";

const refuse = () => Promise.reject(refusal.parameter("Unsupported operation: a tunnel that reads a stream."));

/** A store without a change log: tunnels of base data only. */
export const noStreams: Streams = {
  list: () => [],
  find: () => undefined,
  ofTable: () => undefined,
  enable: refuse,
  disable: refuse,
  read: () => Promise.reject(new StreamTrimmed()),
  oldest: () => 0,
  at: () => Promise.resolve(0),
  end: () => 0,
  splitPartition: refuse,
};
