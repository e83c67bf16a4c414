// Libraries for Go as published, each with a refusal beside what is served. The argument names the step.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/gorilla/websocket"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

type vendor struct {
	URLs        map[string]string `json:"urls"`
	Credentials map[string]string `json:"credentials"`
}

type stage struct {
	Name    string            `json:"name"`
	Vendors map[string]vendor `json:"vendors"`
}

// call posts body to the control API and reads the answer into answer.
func call(path string, body any, answer any) {
	sent, err := json.Marshal(body)
	check(err)
	reply, err := http.Post(os.Getenv("CONTROL")+path, "application/json", bytes.NewReader(sent))
	check(err)
	defer reply.Body.Close()
	expect(reply.StatusCode < 300, "%s: %s", path, reply.Status)
	check(json.NewDecoder(reply.Body).Decode(answer))
}

func newStage() stage {
	var made stage
	settings := map[string]any{"corti.iss": "{base}/realms/{tenant}"}
	call("/stages", map[string]any{"listen": true, "settings": settings}, &made)
	return made
}

func (s stage) pass(seconds int) {
	var clock map[string]any
	call("/stages/"+s.Name+"/clock", map[string]any{"advance_s": seconds}, &clock)
}

func check(err error) {
	expect(err == nil, "%v", err)
}

func expect(holds bool, format string, arguments ...any) {
	if !holds {
		fmt.Fprintf(os.Stderr, format+"\n", arguments...)
		panic("the step failed")
	}
}

func clientCredentials(v vendor, secret string, style oauth2.AuthStyle) clientcredentials.Config {
	return clientcredentials.Config{
		ClientID: v.Credentials["client_id"], ClientSecret: secret,
		TokenURL: v.URLs["token"], AuthStyle: style,
	}
}

// x/oauth2: client credentials by body and by Basic, a source that renews, a wrong secret.
func xOAuth2() {
	made := newStage()
	ctx := context.Background()
	for name, style := range map[string]oauth2.AuthStyle{
		"corti": oauth2.AuthStyleInParams, "pattern": oauth2.AuthStyleInHeader,
	} {
		v := made.Vendors[name]
		config := clientCredentials(v, v.Credentials["client_secret"], style)
		token, err := config.Token(ctx)
		check(err)
		expect(token.Valid() && token.AccessToken != "", "%s: no token", name)
		wrong := clientCredentials(v, "wrong", style)
		_, err = wrong.Token(ctx)
		var refused *oauth2.RetrieveError
		expect(errors.As(err, &refused) && refused.Response.StatusCode == 401, "%s: %v", name, err)
	}
	corti := made.Vendors["corti"]
	config := clientCredentials(corti, corti.Credentials["client_secret"], oauth2.AuthStyleInParams)
	api := func() int {
		request, err := http.NewRequest("GET", corti.URLs["api"]+"/interactions/", nil)
		check(err)
		request.Header.Set("Tenant-Name", corti.Credentials["tenant"])
		reply, err := config.Client(ctx).Do(request)
		check(err)
		reply.Body.Close()
		return reply.StatusCode
	}
	status := api()
	expect(status == 200, "the API: %d", status)
}

// go-oidc: discovery, and tokens checked against the key set: a bent one and an old one are refused.
func goOIDC() {
	made := newStage()
	ctx := context.Background()
	corti := made.Vendors["corti"]
	provider, err := oidc.NewProvider(ctx, corti.URLs["issuer"])
	check(err)
	config := clientCredentials(corti, corti.Credentials["client_secret"], oauth2.AuthStyleInParams)
	config.TokenURL = provider.Endpoint().TokenURL
	token, err := config.Token(ctx)
	check(err)
	verifier := provider.VerifierContext(ctx, &oidc.Config{ClientID: "account"})
	parsed, err := verifier.Verify(ctx, token.AccessToken)
	check(err)
	expect(parsed.Issuer == corti.URLs["issuer"], "issuer %s", parsed.Issuer)
	bent := []byte(token.AccessToken)
	bent[len(bent)-10] ^= 1
	_, err = verifier.Verify(ctx, string(bent))
	expect(err != nil, "a bent token was taken")
	later := provider.VerifierContext(ctx, &oidc.Config{ClientID: "account", Now: func() time.Time {
		return parsed.Expiry.Add(time.Second)
	}})
	_, err = later.Verify(ctx, token.AccessToken)
	var expired *oidc.TokenExpiredError
	expect(errors.As(err, &expired), "an old token: %v", err)
}

// gorilla/websocket: a session to its end, and a token that is none.
func gorilla() {
	made := newStage()
	corti := made.Vendors["corti"]
	config := clientCredentials(corti, corti.Credentials["client_secret"], oauth2.AuthStyleInParams)
	token, err := config.Token(context.Background())
	check(err)
	place := func(shown string) string {
		query := "?tenant-name=" + corti.Credentials["tenant"] + "&token=" + url.PathEscape(shown)
		return corti.URLs["ws"] + "/transcribe" + query
	}
	_, reply, err := websocket.DefaultDialer.Dial(place("Bearer nothing"), nil)
	expect(err != nil && reply != nil && reply.StatusCode == 401, "a token that is none: %v", err)
	socket, _, err := websocket.DefaultDialer.Dial(place("Bearer "+token.AccessToken), nil)
	check(err)
	check(socket.WriteJSON(map[string]any{"type": "config", "configuration": map[string]any{"primaryLanguage": "en"}}))
	var seen []string
	for {
		var message struct{ Type string }
		if socket.ReadJSON(&message) != nil {
			break
		}
		seen = append(seen, message.Type)
		if message.Type == "CONFIG_ACCEPTED" {
			for range 4 {
				check(socket.WriteMessage(websocket.BinaryMessage, make([]byte, 8000)))
			}
			check(socket.WriteJSON(map[string]any{"type": "end"}))
		}
	}
	for _, kind := range []string{"CONFIG_ACCEPTED", "transcript", "usage", "ended"} {
		expect(slices.Contains(seen, kind), "%s in %v", kind, seen)
	}
}

// The AWS SDK: sign in, read the user, revoke; each with its refusal.
func awsSDK() {
	made := newStage()
	ctx := context.Background()
	scribe := made.Vendors["scribe"]
	pool := cognito.New(cognito.Options{
		Region: scribe.Credentials["region"], BaseEndpoint: aws.String(scribe.URLs["cognito"]),
		Credentials: credentials.NewStaticCredentialsProvider("unused", "unused", ""),
	})
	initiate := func(flow types.AuthFlowType, parameters map[string]string) (*types.AuthenticationResultType, error) {
		id := scribe.Credentials["client_id"]
		answer, err := pool.InitiateAuth(ctx, &cognito.InitiateAuthInput{AuthFlow: flow, ClientId: &id, AuthParameters: parameters})
		if err != nil {
			return nil, err
		}
		return answer.AuthenticationResult, nil
	}
	password := func(word string) (*types.AuthenticationResultType, error) {
		parameters := map[string]string{"USERNAME": scribe.Credentials["username"], "PASSWORD": word}
		return initiate(types.AuthFlowTypeUserPasswordAuth, parameters)
	}
	refused := func(err error, what string) {
		var denied *types.NotAuthorizedException
		expect(errors.As(err, &denied), "%s: %v", what, err)
	}
	_, err := password("Wrong-1x")
	refused(err, "a wrong password")
	first, err := password(scribe.Credentials["password"])
	check(err)
	user := func(token *string) error {
		_, err := pool.GetUser(ctx, &cognito.GetUserInput{AccessToken: token})
		return err
	}
	check(user(first.AccessToken))
	made.pass(1801)
	refused(user(first.AccessToken), "an old token")
	refresh := func() (*types.AuthenticationResultType, error) {
		return initiate(types.AuthFlowTypeRefreshTokenAuth, map[string]string{"REFRESH_TOKEN": *first.RefreshToken})
	}
	second, err := refresh()
	check(err)
	check(user(second.AccessToken))
	id := scribe.Credentials["client_id"]
	_, err = pool.RevokeToken(ctx, &cognito.RevokeTokenInput{ClientId: &id, Token: first.RefreshToken})
	check(err)
	_, err = refresh()
	refused(err, "a revoked token")
}

func main() {
	steps := map[string]func(){"x_oauth2": xOAuth2, "go_oidc": goOIDC, "gorilla": gorilla, "aws_sdk": awsSDK}
	steps[os.Args[1]]()
}
