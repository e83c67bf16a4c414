// go-oauth2 in the shape of Pattern's page: its token endpoint, and its check of a bearer token before the API.
package main

import (
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"

	"github.com/go-oauth2/oauth2/v4"
	"github.com/go-oauth2/oauth2/v4/manage"
	"github.com/go-oauth2/oauth2/v4/models"
	"github.com/go-oauth2/oauth2/v4/server"
	"github.com/go-oauth2/oauth2/v4/store"
)

func main() {
	clients := store.NewClientStore()
	for _, name := range []string{"", "SECOND_", "BARRED_"} {
		id := os.Getenv("LOCUM_" + name + "CLIENT_ID")
		_ = clients.Set(id, &models.Client{ID: id, Secret: os.Getenv("LOCUM_" + name + "CLIENT_SECRET")})
	}
	manager := manage.NewDefaultManager()
	manager.MustTokenStorage(store.NewMemoryTokenStore())
	manager.MapClientStorage(clients)
	// Two hours is the library's own lifetime: read as milliseconds, seven seconds.
	oauth := server.NewDefaultServer(manager)
	oauth.SetAllowedGrantType(oauth2.ClientCredentials)
	oauth.SetClientInfoHandler(server.ClientBasicHandler)
	oauth.SetClientAuthorizedHandler(func(id string, grant oauth2.GrantType) (bool, error) {
		return id != os.Getenv("LOCUM_BARRED_CLIENT_ID"), nil
	})

	http.HandleFunc("/api/auth/token", func(w http.ResponseWriter, r *http.Request) {
		_ = oauth.HandleTokenRequest(w, r)
	})
	// groups.py answers, for all peers alike.
	groups, err := url.Parse(os.Getenv("PEER_GROUPS"))
	if err != nil {
		panic(err)
	}
	answered := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(groups)
		r.Out.Host = r.In.Host
	}}
	for _, route := range []string{
		"GET /api/v1/groups/{group}/{kind}", "POST /api/v1/groups/{group}/{kind}", "GET /api/v1/groups/{group}/{kind}/{id}",
	} {
		http.HandleFunc(route, func(w http.ResponseWriter, r *http.Request) {
			if _, err := oauth.ValidationBearerToken(r); err != nil {
				// As in the library's own example.
				http.Error(w, err.Error(), http.StatusUnauthorized)
				return
			}
			answered.ServeHTTP(w, r)
		})
	}
	if err := http.ListenAndServe("127.0.0.1:"+os.Args[1], nil); err != nil {
		panic(err)
	}
}
