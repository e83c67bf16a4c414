// Lets locum drive a Go client: go build -o shim shim.go && locum drive pattern -- ./shim
package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"
)

// ---- your client here: import yours instead of this example, which is one for Pattern Health ----

type Config struct {
	TokenURL     string `json:"token_url"`
	APIURL       string `json:"api_url"`
	CAFile       string `json:"ca_file"`
	ClientID     string `json:"client_id"`
	ClientSecret string `json:"client_secret"`
}

type Client struct {
	config     Config
	http       http.Client
	mutex      sync.Mutex
	token      string
	ends       time.Time
	fault      error
	quietUntil time.Time
}

func NewClient(config Config) *Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	if config.CAFile != "" {
		pem, _ := os.ReadFile(config.CAFile) // unreadable: no certificate is trusted
		transport.TLSClientConfig = &tls.Config{RootCAs: x509.NewCertPool()}
		transport.TLSClientConfig.RootCAs.AppendCertsFromPEM(pem)
	}
	// The token is for the vendor, not for another address.
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	client := http.Client{Transport: transport, Timeout: 10 * time.Second, CheckRedirect: stay}
	return &Client{config: config, http: client}
}

func (c *Client) logIn() error {
	began := time.Now()
	request, err := http.NewRequest("POST", c.config.TokenURL, strings.NewReader("grant_type=client_credentials"))
	if err != nil {
		return err
	}
	request.SetBasicAuth(c.config.ClientID, c.config.ClientSecret)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Accept", "application/json")
	reply, err := c.http.Do(request)
	if err != nil {
		return err
	}
	defer reply.Body.Close()
	if reply.StatusCode != 200 {
		return fmt.Errorf("the token endpoint answered %d", reply.StatusCode)
	}
	var found struct {
		Token string `json:"access_token"`
		Type  string `json:"token_type"`
		Life  any    `json:"expires_in"`
	}
	if err := json.NewDecoder(reply.Body).Decode(&found); err != nil {
		return err
	}
	if found.Token == "" || !strings.EqualFold(found.Type, "bearer") {
		return errors.New("the reply has no usable token")
	}
	life, known := found.Life.(float64)
	if !known || life > 3_600_000 {
		life = 3_600_000
	}
	// Pattern counts milliseconds.
	c.token, c.ends = found.Token, began.Add(time.Duration(life)*time.Millisecond)
	return nil
}

func (c *Client) bearer(refused string) (string, error) {
	c.mutex.Lock() // one login, however many callers wait for it
	defer c.mutex.Unlock()
	var left time.Duration
	if c.token != refused {
		left = time.Until(c.ends)
	}
	if left > time.Minute {
		return c.token, nil
	}
	if time.Now().After(c.quietUntil) {
		if c.fault = c.logIn(); c.fault == nil {
			return c.token, nil
		}
		c.quietUntil = time.Now().Add(time.Second)
	}
	if left > 0 {
		return c.token, nil // still good, though a new one could not be had
	}
	return "", c.fault
}

func (c *Client) Call(method, path string, headers map[string]string, body string) (int, error) {
	var refused string
	for {
		token, err := c.bearer(refused)
		if err != nil {
			return 0, err
		}
		request, err := http.NewRequest(method, c.config.APIURL+path, strings.NewReader(body))
		if err != nil {
			return 0, err
		}
		request.Header.Set("Content-Type", "application/json")
		for name, value := range headers {
			request.Header.Set(name, value)
		}
		request.Header.Set("Authorization", "Bearer "+token)
		reply, err := c.http.Do(request)
		if err != nil {
			return 0, err
		}
		_, err = io.Copy(io.Discard, reply.Body)
		reply.Body.Close()
		if err != nil || reply.StatusCode != 401 || refused != "" {
			return reply.StatusCode, err
		}
		refused = token
	}
}

// ---- the shim: requests on standard input, replies on standard output, logs on standard error ----

func main() {
	answer := func(id int, message map[string]any) {
		message["id"] = id
		json.NewEncoder(os.Stdout).Encode(message) // a line is one write, so lines never mix
	}
	clients, lines := map[string]*Client{}, json.NewDecoder(os.Stdin)
	for a := (ask{}); lines.Decode(&a) == nil; a = (ask{}) {
		switch client := clients[a.Client]; a.Op {
		case "hello":
			answer(a.ID, map[string]any{"ok": true, "name": "example", "version": "1", "language": "go", "proto": "locum/1",
				"ops": []string{"new", "call", "drop"}, "caps": []string{"concurrency"}})
		case "new":
			clients[a.Client] = NewClient(a.Config)
			answer(a.ID, map[string]any{"ok": true})
		case "call": // several at once
			go func(a ask) { answer(a.ID, outcome(client.Call(a.Method, a.Path, a.Headers, a.Body))) }(a)
		case "drop":
			delete(clients, a.Client)
			answer(a.ID, map[string]any{"ok": true})
		default:
			answer(a.ID, map[string]any{"unsupported": a.Op})
		}
	}
}

type ask struct {
	ID                             int
	Op, Client, Method, Path, Body string
	Headers                        map[string]string
	Config                         Config
}

func outcome(status int, err error) map[string]any {
	if err != nil { // "auth", "network", "timeout", "tls" or "throttled", if you can tell
		return map[string]any{"ok": false, "error": "other", "message": err.Error()}
	}
	return map[string]any{"ok": true, "status": status}
}
