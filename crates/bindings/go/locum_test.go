package locum_test

import (
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	locum "github.com/locum-dev/locum/crates/bindings/go"
)

func check[T comparable](t *testing.T, what string, got, expected T) {
	t.Helper()
	if got != expected {
		t.Errorf("%s: %v, not %v", what, got, expected)
	}
}

func members(t *testing.T, client *Pattern) {
	t.Helper()
	if status, err := client.Members(); status != 200 || err != nil {
		t.Errorf("members: %d %v", status, err)
	}
}

func TestEveryTestTurnsAClockOfItsOwn(t *testing.T) {
	for days := range 10 {
		t.Run(fmt.Sprint(days), func(t *testing.T) {
			t.Parallel()
			l := locum.Start(t, "pattern", locum.With("clock", locum.Object{"now": "2030-01-01T00:00:00Z", "mode": "frozen"}))
			client := NewPattern(l)
			members(t, client)
			for day := range days {
				check(t, "now", l.Advance(24 * time.Hour)["now"], any(fmt.Sprintf("2030-01-%02dT00:00:00Z", day+2)))
				members(t, client)
			}
			check(t, "logins", client.logins, days+1)
			check(t, "token requests", len(l.Journal(url.Values{"endpoint": {"token"}})), days+1)
		})
	}
}

func TestTokensEndWhenTheTestSaysSo(t *testing.T) {
	t.Parallel()
	l := locum.Start(t, "pattern")
	client := NewPattern(l)
	members(t, client)
	l.Expire()
	members(t, client)
	l.Revoke()
	members(t, client)
	check(t, "logins", client.logins, 3)
}

func TestSettingsAreGivenAtTheStartOrChanged(t *testing.T) {
	t.Parallel()
	l := locum.Start(t, "pattern", locum.With("settings", locum.Object{"pattern.token_ttl_ms": 7000}))
	client := NewPattern(l)
	_ = client.login()
	l.Settings(locum.Object{"pattern.token_ttl_ms": 9000})
	_ = client.login()
	for index, lifetime := range []string{"7000", "9000"} {
		body := l.Journal(nil)[index]["reply"].(locum.Object)["body"].(string)
		check(t, body, strings.Contains(body, lifetime), true)
	}
}

func TestAFaultStrikesItsVendorAlone(t *testing.T) {
	t.Parallel()
	l := locum.Start(t, "pattern")
	l.Fault("token", locum.Object{"first": 1}, locum.Object{"status": 503})
	_, err := NewPattern(l).Members()
	check(t, "login", fmt.Sprint(err), "login: 503")
	corti := l.Of("corti")
	check(t, "status", interactions(corti, corti.Credentials["tenant"]), 200)
}

func TestAFaultOfTheClientMayBeMeant(t *testing.T) {
	for name, option := range map[string]locum.Option{
		"ignored": locum.Ignore("REQ-08"), "expected": locum.Expect("REQ-08"), "not judged": locum.Verdicts("off"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			check(t, "status", interactions(locum.Start(t, "corti", option), ""), 403)
		})
	}
}

// TestFaulty ought to fail, though it asserts nothing; TestAFaultyClientFailsItsTest plays it.
func TestFaulty(t *testing.T) {
	switch os.Getenv("PLAY") {
	case "faulty":
		interactions(locum.Start(t, "corti"), "")
	case "unexpected":
		l := locum.Start(t, "corti", locum.Expect("REQ-08"))
		interactions(l, l.Credentials["tenant"])
	case "killed":
		locum.Start(t, "corti")
		self, _ := os.FindProcess(os.Getpid())
		_ = self.Kill()
	default:
		t.Skip("played by the next test")
	}
}

// The test binary within itself; its output ends when the server that it started has ended, too.
func play(t *testing.T, variables ...string) (passed bool, output string) {
	command := exec.Command(os.Args[0], "-test.run", "^TestFaulty$")
	command.Env = append(os.Environ(), variables...)
	text, err := command.CombinedOutput()
	return err == nil, string(text)
}

func TestAFaultyClientFailsItsTest(t *testing.T) {
	for _, c := range []struct {
		variables []string
		passes    bool
		says      []string
	}{
		{[]string{"PLAY=faulty"}, false, []string{
			"FAIL REQ-08 (MUST, corti): Every REST request carries Tenant-Name with the tenant of the token URL.",
			"seen: ", "expected: ", "in: GET /v2/interactions/", "hint: `locum explain REQ-08`",
		}},
		{[]string{"PLAY=unexpected"}, false, []string{"REQ-08 was expected to be broken, and is not"}},
		{[]string{"PLAY=faulty", "LOCUM_VERDICTS=off"}, true, []string{"PASS"}},
		{[]string{"PLAY=faulty", "LOCUM_BIN=/nowhere/locum"}, false, []string{"/nowhere/locum does not start: ", "LOCUM_BIN names another"}},
		{[]string{"PLAY=killed"}, false, nil},
	} {
		t.Run(strings.Join(c.variables, " "), func(t *testing.T) {
			t.Parallel()
			passed, output := play(t, c.variables...)
			check(t, output, passed, c.passes)
			for _, part := range c.says {
				if !strings.Contains(output, part) {
					t.Errorf("%q is not in %s", part, output)
				}
			}
		})
	}
}
