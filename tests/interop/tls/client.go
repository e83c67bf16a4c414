// Go's net/http, as tests/interop/tls.sh asks for.
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
)

// A host name leads to this machine, whatever DNS says.
func dial(ctx context.Context, network, address string) (net.Conn, error) {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	return new(net.Dialer).DialContext(ctx, network, net.JoinHostPort("127.0.0.1", port))
}

func token(host, port, path string, roots *x509.CertPool) error {
	transport := &http.Transport{DialContext: dial, TLSClientConfig: &tls.Config{RootCAs: roots}}
	form := url.Values{"grant_type": {"client_credentials"}}
	address := "https://" + net.JoinHostPort(host, port) + path
	request, err := http.NewRequest("POST", address, strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.SetBasicAuth(os.Getenv("CLIENT_ID"), os.Getenv("CLIENT_SECRET"))
	answer, err := (&http.Client{Transport: transport}).Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err == nil && !strings.Contains(string(body), "access_token") {
		err = fmt.Errorf("%s: %s", answer.Status, body)
	}
	return err
}

func must(err error) {
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

func refused(port string, roots *x509.CertPool) {
	err := token("127.0.0.1", port, "/pattern"+os.Getenv("TOKEN_PATH"), roots)
	var verification *tls.CertificateVerificationError
	if !errors.As(err, &verification) {
		must(fmt.Errorf("port %s: %v", port, err))
	}
}

func main() {
	pem, err := os.ReadFile(os.Getenv("CA"))
	must(err)
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		must(errors.New("no authority"))
	}
	port, path := os.Getenv("TLS_PORT"), os.Getenv("TOKEN_PATH")
	for _, host := range []string{"127.0.0.1", "localhost"} {
		must(token(host, port, "/pattern"+path, roots))
	}
	must(token(os.Getenv("HARD_WIRED"), port, path, roots))
	for _, bad := range strings.Fields(os.Getenv("BAD_PORTS")) {
		refused(bad, roots)
	}
	refused(port, nil)
}
