import { defineMapping, derive } from "tableferry";

/** The mapping of the copy bench: two columns renamed, one derived, another key. peer/sdk-copy.ts does the same by hand. */
export default defineMapping({
  key: { order_id: "order", customer_id: "customer" },
  columns: {
    town: "city",
    remark: "note",
    label: derive<[number, string]>(["amount", "currency"], (amount, currency) => `${amount} ${currency}`),
  },
});
