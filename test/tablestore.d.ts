/** The official Node SDK has no types; tests and benches use it as the referee, loosely typed on purpose. */
declare module "tablestore" {
  // eslint-disable-next-line typescript/no-explicit-any
  const TableStore: any;
  export default TableStore;
}
