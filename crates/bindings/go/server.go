package locum

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"
)

// server is a running `locum serve`. It ends when the other end of its standard input is closed, as the system does
// when the test binary ends, however that ends.
type server struct {
	control string
	stdin   io.Closer
}

// shared is the one server of a test binary.
var shared = sync.OnceValues(start)

// client goes to loopback directly, whatever proxy the environment names.
var client = &http.Client{Transport: &http.Transport{Proxy: nil}, Timeout: time.Minute}

// findBinary is LOCUM_BIN, else locum on PATH, else the one in this package's folder bin.
func findBinary() (string, error) {
	if named := os.Getenv("LOCUM_BIN"); named != "" {
		return named, nil
	}
	if found, err := exec.LookPath("locum"); err == nil {
		return found, nil
	}
	_, file, _, _ := runtime.Caller(0)
	bundled := filepath.Join(filepath.Dir(file), "bin")
	if found, err := exec.LookPath(filepath.Join(bundled, "locum")); err == nil {
		return found, nil
	}
	return "", fmt.Errorf("no locum to start: put it on PATH or into %s, or name it in LOCUM_BIN", bundled)
}

func start() (*server, error) {
	binary, err := findBinary()
	if err != nil {
		return nil, err
	}
	arguments := strings.Fields("serve --host 127.0.0.1 --port 0 --tls-port 0 --quiet --exit-with-stdin")
	command := exec.Command(binary, append(arguments, strings.Fields(os.Getenv("LOCUM_SERVE_ARGS"))...)...)
	for _, variable := range os.Environ() {
		// The control API of a server of our own, on loopback, needs no token.
		if !strings.HasPrefix(variable, "LOCUM_CONTROL_TOKEN=") {
			command.Env = append(command.Env, variable)
		}
	}
	command.Stderr = os.Stderr
	stdin, noInput := command.StdinPipe()
	stdout, noOutput := command.StdoutPipe()
	if err := errors.Join(noInput, noOutput, command.Start()); err != nil {
		return nil, fmt.Errorf("%s does not start: %w; LOCUM_BIN names another", binary, err)
	}
	line, _ := bufio.NewReader(stdout).ReadString('\n')
	words := strings.Fields(line)
	if len(words) < 2 || words[0] != "LISTENING" {
		return nil, fmt.Errorf("%s did not start; its standard error says why", command)
	}
	return &server{control: words[1] + "/_locum", stdin: stdin}, nil
}

// call asks the control API; path is what follows /_locum.
func (s *server) call(method, path string, body, answer any) error {
	content, err := json.Marshal(body)
	if body == nil {
		content = nil
	}
	if err != nil {
		return err
	}
	request, err := http.NewRequest(method, s.control+path, bytes.NewReader(content))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	reply, err := client.Do(request)
	if err != nil {
		return err
	}
	defer reply.Body.Close()
	text, err := io.ReadAll(reply.Body)
	if err != nil || reply.StatusCode >= 300 {
		return fmt.Errorf("%s %s: %s %s", method, request.URL, reply.Status, text)
	}
	return json.Unmarshal(text, answer)
}
