package login

import (
	"net/http"
	"strings"
	"testing"

	locum "github.com/locum-dev/locum/crates/bindings/go"
)

func TestLogin(t *testing.T) {
	l := locum.Start(t, "pattern")
	request, _ := http.NewRequest("POST", l.TokenURL, strings.NewReader("grant_type=client_credentials"))
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Accept", "application/json")
	request.SetBasicAuth(l.Credentials["client_id"], l.Credentials["client_secret"])
	if reply, err := http.DefaultClient.Do(request); err != nil || reply.StatusCode != 200 {
		t.Fatal(reply, err)
	}
}
