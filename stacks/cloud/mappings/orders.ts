import { defineMapping, derive } from "tableferry";

interface LegacyOrder {
  id: string;
  customer_id: string;
  order_no: bigint;
  net: number;
  tax: number;
}

interface Order {
  total: number;
}

export default defineMapping<LegacyOrder, Order>({
  key: { customer: "customer_id", order: "order_no" },
  // A promise: no two rows of the old table share a customer and an order number.
  injective: true,
  columns: { total: derive(["net", "tax"], (net: number, tax: number) => net + tax) },
});
