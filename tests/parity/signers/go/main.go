// The signer of aws-sdk-go-v2 signs the requests of standard input, one a line as JSON, and tells what
// it signed.
package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/smithy-go/logging"
)

type given struct {
	Number  int         `json:"number"`
	Method  string      `json:"method"`
	Host    string      `json:"host"`
	Path    string      `json:"path"`
	Query   string      `json:"query"`
	Headers [][2]string `json:"headers"`
	Body    string      `json:"body"`
	Date    string      `json:"date"`
	Expires *int        `json:"expires"`
	Key     string      `json:"key"`
	Secret  string      `json:"secret"`
	Token   *string     `json:"token"`
}

type signed struct {
	Number    int         `json:"number"`
	Target    string      `json:"target"`
	Headers   [][2]string `json:"headers"`
	Canonical string      `json:"canonical"`
	String    string      `json:"string_to_sign"`
}

// told remembers what the signer logs: the canonical request and the string to sign.
type told struct{ canonical, stringToSign string }

func (t *told) Logf(_ logging.Classification, _ string, values ...interface{}) {
	if len(values) > 1 {
		t.canonical, t.stringToSign = fmt.Sprint(values[0]), fmt.Sprint(values[1])
	}
}

func sign(of given) (signed, error) {
	url := "http://" + of.Host + of.Path
	if of.Query != "" {
		url += "?" + of.Query
	}
	body, err := base64.StdEncoding.DecodeString(of.Body)
	if err != nil {
		return signed{}, err
	}
	request, err := http.NewRequest(of.Method, url, bytes.NewReader(body))
	if err != nil {
		return signed{}, err
	}
	for _, header := range of.Headers {
		request.Header.Add(header[0], header[1])
	}
	at, err := time.Parse("20060102T150405Z", of.Date)
	if err != nil {
		return signed{}, err
	}
	credentials := aws.Credentials{AccessKeyID: of.Key, SecretAccessKey: of.Secret}
	if of.Token != nil {
		credentials.SessionToken = *of.Token
	}
	heard := &told{}
	loud := func(options *v4.SignerOptions) { options.LogSigning, options.Logger = true, heard }
	hash := sha256.Sum256(body)
	payload := hex.EncodeToString(hash[:])
	context, signer := context.Background(), v4.NewSigner()
	result := signed{Number: of.Number, Headers: [][2]string{{"host", of.Host}}}
	if of.Expires == nil {
		err = signer.SignHTTP(context, credentials, request, payload, "execute-api", "eu-west-2", at, loud)
		result.Target = request.URL.RequestURI()
		for name, values := range request.Header {
			for _, value := range values {
				result.Headers = append(result.Headers, [2]string{name, value})
			}
		}
		if request.ContentLength > 0 {
			length := strconv.FormatInt(request.ContentLength, 10)
			result.Headers = append(result.Headers, [2]string{"Content-Length", length})
		}
	} else {
		query := request.URL.Query()
		query.Set("X-Amz-Expires", strconv.Itoa(*of.Expires))
		request.URL.RawQuery = query.Encode()
		var address string
		var headers http.Header
		address, headers, err = signer.PresignHTTP(context, credentials, request, payload, "execute-api", "eu-west-2", at, loud)
		result.Target = strings.TrimPrefix(address, "http://"+of.Host)
		for name, values := range headers {
			for _, value := range values {
				if !strings.EqualFold(name, "host") {
					result.Headers = append(result.Headers, [2]string{name, value})
				}
			}
		}
	}
	result.Canonical, result.String = heard.canonical, heard.stringToSign
	return result, err
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	for lines.Scan() {
		var of given
		if err := json.Unmarshal(lines.Bytes(), &of); err != nil {
			log.Fatal(err)
		}
		result, err := sign(of)
		if err != nil {
			log.Fatalf("request %d: %v", of.Number, err)
		}
		if err := encoder.Encode(result); err != nil {
			log.Fatal(err)
		}
	}
	if err := lines.Err(); err != nil {
		log.Fatal(err)
	}
}
