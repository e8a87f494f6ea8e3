import { MemoryStateStore } from "../../../src/pipeline/memory-state-store.ts";
import { stateStoreContract } from "./state-store-contract.ts";

stateStoreContract("memory", () => Promise.resolve(new MemoryStateStore()));
