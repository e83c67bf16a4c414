// Package locum gives each test mock vendors of its own, and judges the test's client by what it sent.
package locum

import (
	"net/url"
	"os"
	"strings"
	"testing"
	"time"
)

// Object is a JSON object of the control API.
type Object = map[string]any

// Left to the test: which credentials it gives its client, and whether the calls ought to succeed.
const leftToTests = "CLI-28,CLI-29"

// Locum is a vendor in a stage: addresses, credentials, clock and journal of one test alone.
type Locum struct {
	Name, Vendor string
	// TokenURL and APIURL are the usual ones of URLs.
	TokenURL, APIURL string
	// URLs are the addresses that a client is configured with; Env has them and the credentials as LOCUM_* variables.
	URLs, Credentials, Env map[string]string
	test                   testing.TB
	server                 *server
	stage                  document
	judging                *judging
}

type document struct {
	Name    string
	Seed    uint64
	Vendors map[string]struct{ URLs, Credentials, Env map[string]string }
}

type judging struct {
	ignore, expect []string
	verdicts       string
}

// Option is a choice of Start.
type Option func(Object, *judging)

// Ignore names requirements that the client may break, such as REQ-08.
func Ignore(ids ...string) Option {
	return func(_ Object, j *judging) { j.ignore = append(j.ignore, ids...) }
}

// Expect names requirements that the client must break.
func Expect(ids ...string) Option {
	return func(_ Object, j *judging) { j.expect = append(j.expect, ids...) }
}

// Verdicts is "on", "strict" (a WARN fails, too) or "off"; without it LOCUM_VERDICTS counts.
func Verdicts(mode string) Option { return func(_ Object, j *judging) { j.verdicts = mode } }

// With is a member of the body of POST /_locum/stages: clock, settings, seed, vendors.
func With(member string, value any) Option {
	return func(stage Object, _ *judging) { stage[member] = value }
}

// Start makes a stage for the test. At the test's end it is judged, and is gone.
func Start(t testing.TB, vendor string, options ...Option) *Locum {
	t.Helper()
	server, err := shared()
	if err != nil {
		t.Fatalf("locum: %v", err)
	}
	body, judging := Object{"listen": true}, &judging{verdicts: os.Getenv("LOCUM_VERDICTS")}
	for _, option := range options {
		option(body, judging)
	}
	stage := document{}
	if err := server.call("POST", "/stages", body, &stage); err != nil {
		t.Fatalf("locum: %v", err)
	}
	l := (&Locum{test: t, server: server, stage: stage, judging: judging}).Of(vendor)
	t.Cleanup(l.close)
	return l
}

// Of is another vendor of the same stage.
func (l *Locum) Of(vendor string) *Locum {
	part, known := l.stage.Vendors[vendor]
	if !known {
		l.test.Fatalf("locum: no vendor called %q", vendor)
	}
	return &Locum{
		Name: l.stage.Name, Vendor: vendor, TokenURL: part.URLs["token"], APIURL: part.URLs["api"],
		URLs: part.URLs, Credentials: part.Credentials, Env: part.Env,
		test: l.test, server: l.server, stage: l.stage, judging: l.judging,
	}
}

// Call asks the control API below the stage, such as Call("GET", "tokens", nil, &answer).
func (l *Locum) Call(method, path string, body, answer any) {
	l.test.Helper()
	if err := l.server.call(method, strings.TrimSuffix("/stages/"+l.stage.Name+"/"+path, "/"), body, answer); err != nil {
		l.test.Fatalf("locum: %v", err)
	}
}

func (l *Locum) ask(method, path string, body any) (answer Object) {
	l.test.Helper()
	l.Call(method, path, body, &answer)
	return answer
}

// Advance lets time pass at the vendors at once; a negative one steps back.
func (l *Locum) Advance(by time.Duration) Object {
	return l.Clock(Object{"advance_s": int64(by.Seconds())})
}

// Clock sets the vendors' clock by now (RFC 3339) and mode (frozen, running).
func (l *Locum) Clock(change Object) Object { return l.ask("POST", "clock", change) }

// Expire ends the vendor's tokens as if their time had come.
func (l *Locum) Expire() Object { return l.ask("POST", "tokens/expire", Object{"vendor": l.Vendor}) }

// Revoke revokes the vendor's tokens.
func (l *Locum) Revoke() Object { return l.ask("POST", "tokens/revoke", Object{"vendor": l.Vendor}) }

// Fault makes an endpoint of the vendor misbehave: Fault("token", Object{"first": 2}, Object{"status": 503}).
func (l *Locum) Fault(endpoint string, when, then Object) Object {
	return l.ask("POST", "faults", Object{"match": Object{"vendor": l.Vendor, "endpoint": endpoint}, "when": when, "then": then})
}

// Settings changes settings by their whole names.
func (l *Locum) Settings(changes Object) Object { return l.ask("PATCH", "settings", changes) }

// Journal is what was exchanged, in order; query chooses by endpoint, outcome, after, limit.
func (l *Locum) Journal(query url.Values) []Object {
	l.test.Helper()
	var answer struct{ Entries []Object }
	l.Call("GET", "journal?vendor="+l.Vendor+"&"+query.Encode(), nil, &answer)
	return answer.Entries
}

// close judges the stage and deletes it.
func (l *Locum) close() {
	l.test.Helper()
	defer l.Call("DELETE", "", nil, &Object{})
	if l.judging.verdicts == "off" {
		return
	}
	query := url.Values{"ignore": {strings.Join(append(l.judging.ignore, leftToTests), ",")}}
	query.Set("expect", strings.Join(l.judging.expect, ","))
	if l.judging.verdicts == "strict" {
		query.Set("fail_on", "warn")
	}
	var answer struct{ Text string }
	l.Call("GET", "verdicts/failures?"+query.Encode(), nil, &answer)
	if answer.Text != "" {
		l.test.Errorf("%s", answer.Text)
	}
}
