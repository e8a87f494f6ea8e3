package main

import (
	"github.com/aliyun/aliyun-tablestore-go-sdk/tablestore"
)

// Who may call, and what the client repeats on its own.
func runSignatures() {
	run("signatures: a wrong secret, an unknown key, an unknown instance", wrongKeys)
	run("signatures: a temporary key with its security token, with another, without", temporaryKeys)
	run("retries: a busy server, a cut connection; of a batch only the rows that failed", retries)
}

func list(client *tablestore.TableStoreClient) error {
	_, err := client.ListTable()
	return err
}

func wrongKeys() {
	refused("OTSAuthFailed", "Signature mismatch.", list(impatient(keyID, "wrong", "", instance)))
	refused("OTSAuthFailed", "The AccessKeyID does not exist.", list(impatient("LTAInobody", "wrong", "", instance)))
	refused("OTSAuthFailed", "The instance is not found.", list(impatient(keyID, keySecret, "", "elsewhere")))
}

func temporaryKeys() {
	key := ask("temporaryKey", map[string]any{"seconds": 900})
	as := func(token string) error {
		return list(impatient(key["id"].(string), key["secret"].(string), token, instance))
	}
	must(as(key["token"].(string)))
	for _, token := range []string{"", "another"} {
		err, isRefusal := as(token).(*tablestore.OtsError)
		expect([]any{isRefusal, err.Code}, []any{true, "OTSAuthFailed"})
	}
}

func retries() {
	table("shaky")
	patient := tablestore.NewClient(endpoint, instance, keyID, keySecret)
	fault := func(operation string, times int, effect map[string]any) map[string]any {
		return map[string]any{"operations": []string{operation}, "table": "shaky", "times": times, "effect": effect}
	}
	ask("setFaults", map[string]any{"rules": []any{
		fault("PutRow", 2, map[string]any{"type": "error", "code": "OTSServerBusy"}),
		fault("GetRow", 1, map[string]any{"type": "cutReply"}),
		fault("GetRow", 1, map[string]any{"type": "error", "code": "OTSInternalServerError"}),
		fault("BatchWriteRow", 2, map[string]any{"type": "failRows", "rows": []int{1, 3}}),
	}})
	defer ask("setFaults", map[string]any{"rules": []any{}})
	key := keyOf("pk", "a")
	got(patient.PutRow(&tablestore.PutRowRequest{PutRowChange: putChange("shaky", key, ignore, "c", 1)}))
	criteria := &tablestore.SingleRowQueryCriteria{TableName: "shaky", PrimaryKey: key, MaxVersion: 1}
	read := got(patient.GetRow(&tablestore.GetRowRequest{SingleRowQueryCriteria: criteria}))
	expect(values(read.Columns), map[string]any{"c": int64(1)})
	request := &tablestore.BatchWriteRowRequest{}
	keys := []*tablestore.PrimaryKey{}
	for n := 0; n < 5; n++ {
		keys = append(keys, keyOf("pk", string(rune('a'+n))+"n"))
		change := updateChange("shaky", keys[n])
		change.IncrementColumn("n", 1)
		request.AddRowChange(change)
	}
	expect(outcomes(got(patient.BatchWriteRow(request)).TableToRowsResult["shaky"]), []string{"ok", "ok", "ok", "ok", "ok"})
	for _, key := range keys {
		expect(stored("shaky", key), map[string]any{"n": int64(1)})
	}
}
