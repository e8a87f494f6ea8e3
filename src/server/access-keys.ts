/** An access key as clients sign with it. */
export interface AccessKey {
  readonly id: string;
  readonly secret: string;
  /** The only instance it opens; absent: every instance. */
  readonly instance?: string | undefined;
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

  /** Forgets the keys of a dropped instance. */
  removeInstance(instance: string): void {
    for (const key of this.#byId.values()) if (key.instance === instance) this.#byId.delete(key.id);
  }

  all(): readonly AccessKey[] {
    return [...this.#byId.values()];
  }
}
