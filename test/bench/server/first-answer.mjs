// How long until a store in memory can be used, from the import of the compiled package on: prints milliseconds.
const start = performance.now();
const { startTableStore } = await import(process.argv[2]);
await using store = await startTableStore();
if (store.endpoint === "") throw new Error("no endpoint");
console.log(performance.now() - start);
