import type { Clock } from "../base/clock.ts";
import { limits } from "../model/limits.ts";
import type { RowWalker } from "../wire/plainbuffer/walk.ts";
import type { CommitQueue } from "./commit-queue.ts";
import type { OrderedStore } from "./ordered-store.ts";
import { lockName } from "./partition-lock.ts";
import { refusal } from "./refusal.ts";
import type { Table } from "./table.ts";
import { type HeldBytes, Transaction } from "./transaction.ts";
import { WriteBatch, type WriteContext } from "./write-batch.ts";

/** Of our own: the service's bounds are not known. */
const OPEN_MAX = 1000;
const HELD_BYTES_MAX = 256 * 1024 * 1024;

export interface LocalTransactionsParts {
  readonly store: OrderedStore;
  readonly queue: CommitQueue;
  readonly clock: Clock;
  /** What commits are written with. */
  readonly write: WriteContext;
  /** The locks that `write` goes by. */
  readonly locks: Map<string, Transaction>;
}

/**
 * The open transactions of a store (reference 7.5). All of it is in memory: whoever stops the server, however, ends them without effect. One is open for 60 s by
 * the clock, whatever it does; the end of it, whichever it is, frees its key.
 */
export class LocalTransactions {
  readonly #parts: LocalTransactionsParts;
  readonly #open = new Map<string, { readonly transaction: Transaction; readonly cancelExpiry: () => void }>();
  readonly #held: HeldBytes = { sum: 0, max: HELD_BYTES_MAX };

  constructor(parts: LocalTransactionsParts) {
    this.#parts = parts;
  }

  /**
   * Locks the partition key the walker stands on, at once; settles when all that was written to it before is durable.
   * @throws OTSRowOperationConflict where another transaction has it, OTSParameterInvalid for a table without transactions, OTSServerBusy
   */
  async start(table: Table, key: RowWalker, id: string): Promise<void> {
    const { store, queue, clock, locks } = this.#parts;
    if (!table.schema.localTransactions) throw refusal.transactionsOff();
    // The service also has texts that name the key or the wait (reference 7.5); which stands where is unverified.
    if (locks.has(lockName(table, key))) throw refusal.conflict();
    if (this.#open.size >= OPEN_MAX) throw refusal.busy();
    const transaction = new Transaction({ id, table, key, store, clock, held: this.#held });
    const cancelExpiry = clock.after(limits.transactionMs, () => this.abort(transaction));
    this.#open.set(id, { transaction, cancelExpiry });
    locks.set(transaction.lock, transaction);
    await queue.settled();
  }

  /** @throws OTSSessionNotExist for one that ended, was never there, or is another instance's */
  find(instance: string, id: string): Transaction {
    const transaction = this.#open.get(id)?.transaction;
    if (transaction === undefined || transaction.table.instance !== instance) throw refusal.sessionMissing();
    return transaction;
  }

  /** Ends a transaction and applies what it wrote, all of it or nothing; settles when that is durable. @throws OTSObjectNotExist for a table that is gone */
  async commit(transaction: Transaction): Promise<void> {
    this.abort(transaction);
    const batch = new WriteBatch(this.#parts.write, transaction.held);
    transaction.replay(batch);
    await batch.commit();
  }

  /** Ends a transaction without effect. */
  abort(transaction: Transaction): void {
    const open = this.#open.get(transaction.id);
    if (open === undefined) return;
    open.cancelExpiry();
    this.#open.delete(transaction.id);
    this.#parts.locks.delete(transaction.lock);
    this.#held.sum -= transaction.held;
  }

  /** Ends all of them. */
  close(): void {
    for (const { transaction } of this.#open.values()) this.abort(transaction);
  }
}
