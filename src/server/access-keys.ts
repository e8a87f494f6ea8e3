/** An access key as clients sign with it. */
export interface AccessKey {
  readonly id: string;
  readonly secret: string;
  /** The only instance it opens; absent: every instance. */
  readonly instance?: string | undefined;
  /** Of a temporary key: what every request must carry beside it. */
  readonly token?: string | undefined;
  /** Of a temporary key: when it ends, milliseconds since 1970 by the store's clock. */
  readonly expiresAt?: number | undefined;
}

/** The keys a server accepts. The first one is the root key: it opens every instance and administers the server. */
export class AccessKeys {
  readonly root: AccessKey;
  readonly #byId = new Map<string, AccessKey>();

  constructor(keys: readonly [AccessKey, ...AccessKey[]]) {
    this.root = keys[0];
    for (const key of keys) this.add(key);
  }

  add(key: AccessKey): void {
    this.#byId.set(key.id, key);
  }

  find(id: string): AccessKey | undefined {
    return this.#byId.get(id);
  }

  /** The first key made for this instance only. */
  ofInstance(instance: string): AccessKey | undefined {
    return this.all().find((key) => key.instance === instance);
  }

  /** Forgets the keys of a dropped instance; false when there were none. */
  removeInstance(instance: string): boolean {
    const own = this.all().filter((key) => key.instance === instance);
    for (const { id } of own) this.#byId.delete(id);
    return own.length > 0;
  }

  /** Forgets temporary keys whose time is over. */
  removeExpired(now: number): void {
    for (const { id, expiresAt = Infinity } of this.all()) if (expiresAt <= now) this.#byId.delete(id);
  }

  all(): readonly AccessKey[] {
    return [...this.#byId.values()];
  }
}
