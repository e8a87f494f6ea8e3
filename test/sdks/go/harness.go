package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"reflect"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/aliyun/aliyun-tablestore-go-sdk/tablestore"
	"github.com/aliyun/aliyun-tablestore-go-sdk/tunnel"
)

// How the cases talk to tools/sdks.ts: one JSON object a line, see tools/sdks/case-line.ts.

var (
	saying  sync.Mutex
	asking  sync.Mutex
	answers = bufio.NewReader(os.Stdin)
)

type testCase struct {
	name string
	body func()
}

func run(name string, body func()) {
	began := time.Now()
	failed := failure(body)
	said := map[string]any{"case": name, "ms": float64(time.Since(began).Microseconds()) / 1000}
	if failed != "" {
		said["failed"] = failed
	}
	tell(said)
}

// Cases that mostly wait, at the same time; each has tables of its own.
func together(cases ...testCase) {
	var group sync.WaitGroup
	for _, one := range cases {
		group.Add(1)
		go func() {
			defer group.Done()
			run(one.name, one.body)
		}()
	}
	group.Wait()
}

// Why a case failed; empty when it passed.
func failure(body func()) (failed string) {
	defer func() {
		if thrown := recover(); thrown != nil {
			fmt.Fprintln(os.Stderr, thrown, string(debug.Stack()))
			failed = fmt.Sprint(thrown)
		}
	}()
	body()
	return ""
}

// A call the embedded store does not have yet: it must answer the service's error for an operation it does not know.
func notYet(operation string, call func() error) {
	said := map[string]any{"notYet": operation}
	var refusal *tablestore.OtsError
	err := call()
	switch {
	case err == nil:
		said["failed"] = "accepted: make a case of it"
	case !errors.As(err, &refusal) || refusal.Code != "OTSParameterInvalid" || refusal.Message != "Unsupported operation: "+operation+".":
		said["failed"] = err.Error()
	}
	tell(said)
}

// Has something done by the server's owner.
func ask(question string, fields map[string]any) map[string]any {
	asking.Lock()
	defer asking.Unlock()
	said := map[string]any{"ask": question}
	for name, value := range fields {
		said[name] = value
	}
	tell(said)
	line, err := answers.ReadBytes('\n')
	must(err)
	answer := map[string]any{}
	must(json.Unmarshal(line, &answer))
	if trouble, ok := answer["error"]; ok {
		panic(trouble)
	}
	return answer
}

func tell(said map[string]any) {
	line, err := json.Marshal(said)
	must(err)
	saying.Lock()
	defer saying.Unlock()
	fmt.Println(string(line))
}

func must(err error) {
	if err != nil {
		panic(err.Error())
	}
}

func got[T any](value T, err error) T {
	must(err)
	return value
}

func expect(actual, expected any) {
	if !reflect.DeepEqual(actual, expected) {
		panic(fmt.Sprintf("expected %v, got %v", expected, actual))
	}
}

func expectTrue(holds bool, what string) {
	if !holds {
		panic("does not hold: " + what)
	}
}

// The call must be refused with this code and this text.
func refused(code, message string, err error) {
	var refusal *tablestore.OtsError
	if !errors.As(err, &refusal) {
		panic(fmt.Sprintf("no refusal: %v", err))
	}
	expect(refusal.Code+": "+refusal.Message, code+": "+message)
	expectTrue(refusal.RequestId != "", "the refusal has a request id")
}

// The code of a refusal by the tunnel service, and what its text contains.
func refusedTunnel(code, part string, err error) {
	var refusal *tunnel.TunnelError
	if !errors.As(err, &refusal) {
		panic(fmt.Sprintf("no refusal: %v", err))
	}
	expect(refusal.Code, code)
	expectTrue(strings.Contains(refusal.Message, part), "the text is "+refusal.Message)
}

// Waits until something holds; bounded.
func until(seconds int, what string, holds func() bool) {
	end := time.Now().Add(time.Duration(seconds) * time.Second)
	for !holds() {
		expectTrue(time.Now().Before(end), fmt.Sprintf("%s within %d s", what, seconds))
		time.Sleep(50 * time.Millisecond)
	}
}
