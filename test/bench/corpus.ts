import { seededChance } from "../../src/base/chance.ts";
import { encodeChange } from "../../src/wire/plainbuffer/encode.ts";

/**
 * The seeded corpus: orders of about 300 bytes in 2 key columns and 8 attributes. The same seed gives the same rows on every
 * machine. Keys grow with the index, so that a table loaded from it is in key order.
 */
export interface Order {
  readonly customer: string;
  readonly order: bigint;
  readonly status: string;
  readonly amount: number;
  readonly currency: string;
  readonly quantity: bigint;
  readonly placedAt: bigint;
  readonly paid: boolean;
  readonly city: string;
  readonly note: string;
}

const statuses = ["new", "paid", "packed", "sent", "returned"];
const cities = ["Hangzhou", "Shanghai", "Zürich", "São Paulo", "Osaka", "Lagos", "Reykjavík", "Austin"];
const words = "swift amber ferry harbour cargo winter quiet lantern copper meadow island signal river stone paper north".split(" ");

export function* orders(count: number, seed = 1): Generator<Order> {
  const chance = seededChance(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(chance.next() * list.length)]!;
  // Notes are slices of one text: making the corpus must not cost more than moving it.
  const text = Array.from({ length: 20_000 }, () => pick(words)).join(" ");
  for (let i = 0; i < count; i++) {
    const noteAt = Math.floor(chance.next() * (text.length - 150));
    yield {
      customer: `customer-${String(Math.floor(i / 10)).padStart(8, "0")}`,
      order: BigInt(i),
      status: pick(statuses),
      amount: Math.round(chance.next() * 1e6) / 100,
      currency: "CNY",
      quantity: BigInt(Math.floor(chance.next() * 50)),
      placedAt: 1_700_000_000_000n + BigInt(i),
      paid: chance.next() < 0.5,
      city: pick(cities),
      note: text.slice(noteAt, noteAt + 150),
    };
  }
}

/** An order as the PutRow that writes it. */
export function changeOf(order: Order): Uint8Array<ArrayBuffer> {
  return encodeChange({
    type: "put",
    key: [
      { name: "customer", value: order.customer },
      { name: "order", value: order.order },
    ],
    cells: [
      { name: "status", value: order.status },
      { name: "amount", value: order.amount },
      { name: "currency", value: order.currency },
      { name: "quantity", value: order.quantity },
      { name: "placed_at", value: order.placedAt },
      { name: "paid", value: order.paid },
      { name: "city", value: order.city },
      { name: "note", value: order.note },
    ],
  });
}
