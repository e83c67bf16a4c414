// golang.org/x/oauth2 with its client credentials: the HTTP client that it makes fetches, keeps and renews the token.
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"runtime/debug"
	"strings"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

type message = map[string]any

type config struct {
	TokenURL     string `json:"token_url"`
	APIURL       string `json:"api_url"`
	CAFile       string `json:"ca_file"`
	ClientID     string `json:"client_id"`
	ClientSecret string `json:"client_secret"`
	Tenant       string
}

type ask struct {
	ID                                     int
	Op, Client, Vendor, Method, Path, Body string
	Headers                                map[string]string
	TimeoutMS                              int `json:"timeout_ms"`
	Config                                 config
}

type client struct {
	config
	http *http.Client
}

var styles = map[string]oauth2.AuthStyle{"pattern": oauth2.AuthStyleInHeader, "corti": oauth2.AuthStyleInParams}

func newClient(vendor string, c config) (*client, error) {
	ctx := context.Background()
	if c.CAFile != "" {
		pem, err := os.ReadFile(c.CAFile)
		if err != nil {
			return nil, err
		}
		roots := x509.NewCertPool()
		roots.AppendCertsFromPEM(pem)
		transport := http.DefaultTransport.(*http.Transport).Clone()
		transport.TLSClientConfig = &tls.Config{RootCAs: roots}
		ctx = context.WithValue(ctx, oauth2.HTTPClient, &http.Client{Transport: transport})
	}
	grant := clientcredentials.Config{
		ClientID: c.ClientID, ClientSecret: c.ClientSecret, TokenURL: c.TokenURL, AuthStyle: styles[vendor],
	}
	return &client{c, grant.Client(ctx)}, nil
}

func (c *client) call(a ask) (message, error) {
	limit := time.Duration(a.TimeoutMS) * time.Millisecond
	if limit == 0 {
		limit = 10 * time.Second
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, a.Method, c.APIURL+a.Path, strings.NewReader(a.Body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	for name, value := range a.Headers {
		request.Header.Set(name, value)
	}
	if c.Tenant != "" {
		request.Header.Set("Tenant-Name", c.Tenant)
	}
	reply, err := c.http.Do(request)
	if err != nil {
		return nil, err
	}
	defer reply.Body.Close()
	if _, err := io.Copy(io.Discard, reply.Body); err != nil {
		return nil, err
	}
	return message{"ok": true, "status": reply.StatusCode}, nil
}

// failure tells what the library returned, in its own words.
func failure(err error) message {
	told := message{"ok": false, "error": "other", "message": err.Error()}
	var refused *oauth2.RetrieveError
	var certificate *tls.CertificateVerificationError
	var network net.Error
	switch {
	case errors.As(err, &refused):
		told["status"] = refused.Response.StatusCode
		if refused.ErrorCode != "" || refused.Response.StatusCode == 401 {
			told["error"] = "auth"
		}
	case errors.As(err, &certificate):
		told["error"] = "tls"
	case errors.As(err, &network) && network.Timeout():
		told["error"] = "timeout"
	case errors.As(err, &network):
		told["error"] = "network"
	}
	return told
}

func version() string {
	build, _ := debug.ReadBuildInfo()
	for _, module := range build.Deps {
		if module.Path == "golang.org/x/oauth2" {
			return strings.TrimPrefix(module.Version, "v")
		}
	}
	return ""
}

func main() {
	clients := map[string]*client{}
	answer := func(id int, reply message, err error) {
		if err != nil {
			reply = failure(err)
		}
		reply["id"] = id
		json.NewEncoder(os.Stdout).Encode(reply)
	}
	lines := json.NewDecoder(os.Stdin)
	for {
		var a ask
		if lines.Decode(&a) != nil {
			return
		}
		switch a.Op {
		case "hello":
			reply := message{
				"ok": true, "name": "golang.org/x/oauth2", "version": version(), "language": "go", "proto": "locum/1",
				"ops": []string{}, "caps": []string{},
			}
			if _, served := styles[a.Vendor]; served {
				reply["ops"], reply["caps"] = []string{"new", "call", "drop"}, []string{"concurrency"}
			}
			answer(a.ID, reply, nil)
		case "new":
			made, err := newClient(a.Vendor, a.Config)
			clients[a.Client] = made
			answer(a.ID, message{"ok": true}, err)
		case "call":
			made := clients[a.Client]
			go func() {
				reply, err := made.call(a)
				answer(a.ID, reply, err)
			}()
		case "drop":
			delete(clients, a.Client)
			answer(a.ID, message{"ok": true}, nil)
		default:
			answer(a.ID, message{"unsupported": a.Op}, nil)
		}
	}
}
