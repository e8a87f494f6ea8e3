// Every case of the Go SDK against the server that tools/sdks.ts names in the environment.
package main

func main() {
	runControlPlane()
	runTables()
	runRows()
	runBatches()
	runRanges()
	runIndexes()
	runDefinedColumns()
	runTransactions()
	runStreams()
	runSignatures()
	runTunnels()
	runWorkers()
	runNotYet()
}
