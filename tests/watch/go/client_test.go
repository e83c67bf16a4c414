package client

import (
	"errors"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"
)

// The project's own tests know nothing of locum but the addresses in the environment, and where they
// want to see the end of a token, its control API.
func control(t *testing.T, method, path, body string) {
	t.Helper()
	request, err := http.NewRequest(method, os.Getenv("LOCUM_CONTROL_URL")+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if status, answer, err := exchange(request); err != nil || status >= 300 {
		t.Fatalf("%s %s: %d %s %v", method, path, status, answer, err)
	}
}

func call(t *testing.T, c *Client) {
	t.Helper()
	if _, err := c.Members(); err != nil {
		t.Fatal(err)
	}
}

var shared = &Client{}

func TestManyCallsSucceed(t *testing.T) {
	for i := 0; i < 12; i++ {
		call(t, shared)
	}
}

func TestARefusedTokenIsReplaced(t *testing.T) {
	call(t, shared)
	control(t, "POST", "/tokens/expire", `{"all": true}`)
	call(t, shared)
}

func TestATokenIsRenewedBeforeItsEnd(t *testing.T) {
	control(t, "PATCH", "/settings", `{"pattern.token_ttl_ms": 1000}`)
	another := &Client{}
	call(t, another)
	time.Sleep(1100 * time.Millisecond)
	for i := 0; i < 2; i++ {
		_, _ = another.Members()
	}
	call(t, another)
}

func TestACallThatStaysRefusedEnds(t *testing.T) {
	fault := `{"match": {"vendor": "pattern", "endpoint": "members"}, "when": {"always": true}, "then": {"status": 401}}`
	control(t, "POST", "/faults", fault)
	defer control(t, "DELETE", "/faults", "")
	var refused Refused
	if _, err := shared.Members(); !errors.As(err, &refused) {
		t.Fatal(err)
	}
}
