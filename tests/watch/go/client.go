// Package client is a home-made client of Pattern Health, as small projects have one; FAULT gives it
// a usual fault.
package client

import (
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"
)

const margin = 200 * time.Millisecond

var fault = os.Getenv("FAULT")

// Refused is the status by which the vendor refused.
type Refused int

func (status Refused) Error() string { return fmt.Sprintf("refused with %d", int(status)) }

// Client keeps one token for all goroutines.
type Client struct {
	mutex sync.Mutex
	token string
	ends  time.Time
}

// Members lists the members of the group.
func (c *Client) Members() ([]byte, error) {
	return c.get("/api/v1/groups/" + os.Getenv("LOCUM_GROUP_ID") + "/members")
}

func (c *Client) get(path string) ([]byte, error) {
	token, err := c.currentToken("")
	if err != nil {
		return nil, err
	}
	attempts := 2
	if fault == "loop" {
		attempts = 12
	}
	for attempt := 1; ; attempt++ {
		status, body, err := c.send(path, token)
		switch {
		case err != nil:
			return nil, err
		case status == http.StatusUnauthorized && attempt < attempts && fault != "units":
			if token, err = c.currentToken(token); err != nil {
				return nil, err
			}
		case status >= 400:
			return nil, Refused(status)
		default:
			return body, nil
		}
	}
}

func (c *Client) currentToken(insteadOf string) (string, error) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if insteadOf != "" && c.token == insteadOf {
		c.token = ""
	}
	if c.token == "" || !time.Now().Before(c.ends) || fault == "login_per_call" {
		if err := c.logIn(); err != nil {
			return "", err
		}
	}
	return c.token, nil
}

func (c *Client) logIn() error {
	form := url.Values{"grant_type": {"client_credentials"}}
	request, err := http.NewRequest("POST", os.Getenv("LOCUM_TOKEN_URL"), strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	request.SetBasicAuth(os.Getenv("LOCUM_CLIENT_ID"), os.Getenv("LOCUM_CLIENT_SECRET"))
	request.Header.Set("Accept", "application/json")
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	status, body, err := exchange(request)
	if err != nil {
		return err
	}
	if status != http.StatusOK {
		return Refused(status)
	}
	var reply struct {
		AccessToken string `json:"access_token"`
		ExpiresIn   int64  `json:"expires_in"`
	}
	if err := json.Unmarshal(body, &reply); err != nil {
		return err
	}
	unit := time.Millisecond // the vendor's
	if fault == "units" {
		unit = time.Second
	}
	c.token = reply.AccessToken
	c.ends = time.Now().Add(time.Duration(reply.ExpiresIn)*unit - margin)
	if fault == "token_logged" {
		log.Printf("logged in: %+v", reply)
	}
	return nil
}

func (c *Client) send(path, token string) (int, []byte, error) {
	if fault == "token_in_query" {
		path += "?access_token=" + url.QueryEscape(token)
	}
	request, err := http.NewRequest("GET", os.Getenv("LOCUM_API_URL")+path, nil)
	if err != nil {
		return 0, nil, err
	}
	request.Header.Set("Authorization", "Bearer "+token)
	if fault == "no_bearer" {
		request.Header.Set("Authorization", token)
	}
	return exchange(request)
}

func exchange(request *http.Request) (int, []byte, error) {
	reply, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer reply.Body.Close()
	body, err := io.ReadAll(reply.Body)
	return reply.StatusCode, body, err
}
