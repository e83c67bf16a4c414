package locum_test

// Clients such as a user of the helper tests: one for Pattern Health, one for Corti.

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	locum "github.com/locum-dev/locum/crates/bindings/go"
)

type reply struct {
	Token     string `json:"access_token"`
	ExpiresIn int64  `json:"expires_in"`
}

func send(method, address string, header http.Header, form url.Values) (status int, answer reply) {
	request, err := http.NewRequest(method, address, strings.NewReader(form.Encode()))
	if err != nil {
		panic(err)
	}
	request.Header = header
	request.Header.Set("Accept", "application/json")
	if form != nil {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	got, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, answer
	}
	defer got.Body.Close()
	_ = json.NewDecoder(got.Body).Decode(&answer)
	return got.StatusCode, answer
}

// Pattern keeps its token until shortly before its milliseconds run out, and replaces one that is refused.
type Pattern struct {
	tokenURL, membersURL, id, secret, token string
	ends                                    time.Time
	logins                                  int
}

func NewPattern(l *locum.Locum) *Pattern {
	members := l.APIURL + "/api/v1/groups/" + l.Env["LOCUM_GROUP_ID"] + "/members"
	return &Pattern{tokenURL: l.TokenURL, membersURL: members, id: l.Credentials["client_id"], secret: l.Credentials["client_secret"]}
}

func (p *Pattern) login() error {
	p.logins++
	request := &http.Request{Header: http.Header{}}
	request.SetBasicAuth(p.id, p.secret)
	status, answer := send("POST", p.tokenURL, request.Header, url.Values{"grant_type": {"client_credentials"}})
	if status != 200 {
		return fmt.Errorf("login: %d", status)
	}
	p.token, p.ends = answer.Token, time.Now().Add(time.Duration(answer.ExpiresIn)*time.Millisecond-30*time.Second)
	return nil
}

// Members calls the API, and says with which status it answered.
func (p *Pattern) Members() (int, error) {
	if time.Now().After(p.ends) {
		if err := p.login(); err != nil {
			return 0, err
		}
	}
	call := func() int {
		status, _ := send("GET", p.membersURL, http.Header{"Authorization": {"Bearer " + p.token}}, nil)
		return status
	}
	status := call()
	if status != 401 {
		return status, nil
	}
	if err := p.login(); err != nil {
		return status, err
	}
	return call(), nil
}

// interactions logs in at Corti and calls once; without a tenant it forgets to say whose data it wants.
func interactions(l *locum.Locum, tenant string) int {
	form := url.Values{"grant_type": {"client_credentials"}, "scope": {"openid"}}
	form.Set("client_id", l.Credentials["client_id"])
	form.Set("client_secret", l.Credentials["client_secret"])
	_, answer := send("POST", l.TokenURL, http.Header{}, form)
	header := http.Header{"Authorization": {"Bearer " + answer.Token}}
	if tenant != "" {
		header.Set("Tenant-Name", tenant)
	}
	status, _ := send("GET", l.APIURL+"/interactions/", header, nil)
	return status
}
