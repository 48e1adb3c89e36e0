package fakemds_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/zbsclient/zbsclient/fakemds"
)

// recorded is an exchange of the real agent's own code.
type recorded struct {
	Name    string
	Request struct {
		Method, Path, Body string
		Headers            map[string]string
	}
	Response struct {
		Status int
		Body   string
	}
	Callback *struct {
		Method, Path, Body string
	}
	CallbackCount int
}

const (
	noShell       = "the fake runs no shell"
	brokenStorage = "the recording's storage was made to answer this; inject AgentError, Garbage or Truncate instead"
	cutOff        = "the recording is cut off"
)

// differences are the recordings that the fake answers otherwise on purpose,
// each with its reason. Nothing else is left out.
var differences = map[string]string{
	"create/name-with-space":                                     noShell,
	"create/name-with-semicolon":                                 noShell,
	"create/size-object":                                         noShell,
	"clients/path-trailing-space":                                noShell,
	"clients/path-newline":                                       noShell,
	"clients/list-client-error":                                  brokenStorage,
	"clients/list-client-result-null":                            brokenStorage,
	"clients/list-client-partial-entries":                        brokenStorage,
	"clients/list-client-exit-1":                                 brokenStorage,
	"clients/query-file-other-error":                             brokenStorage,
	"clients/query-file-error-without-status-code":               brokenStorage,
	"clients/query-file-kFileNotExists-anywhere":                 brokenStorage,
	"query/zbs-exit-1":                                           brokenStorage,
	"query/zbs-prints-nothing":                                   brokenStorage,
	"query/zbs-prints-numbers-as-strings":                        brokenStorage,
	"ping/status-mds-not-json":                                   brokenStorage,
	"capacity/undecodable-policy-and-absent-fields":              brokenStorage,
	"create/pool-not-listed-installPath-has-empty-physical-pool": brokenStorage,
	"metadata-sync/agent-not-on-an-mds-node":                     "every node takes any addr for its own: it has no external address",
	"copy/taskContext-timeout-too-short":                         "the task's own time-out is not looked at",
	"async/no-host-header":                                       "net/http refuses it by itself, with the same status and a page of its own",
	"async/deeply-nested-json":                                   cutOff,
	"async/body-20MiB":                                           cutOff,
	"dup/other-path/second-while-running":                        "the request in flight is not recorded; TestDuplicateTaskIsDropped plays it",
}

// TestReplay sends every recorded request to the fake, in a state like the
// recording's, and compares status, meaning of the JSON, and callbacks.
func TestReplay(t *testing.T) {
	data, err := os.ReadFile("../testdata/wire/exchanges.json")
	if err != nil {
		t.Fatal(err)
	}
	var all []recorded
	if err := json.Unmarshal(data, &all); err != nil {
		t.Fatal(err)
	}
	unused := len(differences)
	for _, e := range all {
		if differences[e.Name] != "" {
			unused--
			continue
		}
		t.Run(e.Name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { replay(t, e) })
		})
	}
	if unused != 0 {
		t.Errorf("%d differences name no recording", unused)
	}
}

func replay(t *testing.T, e recorded) {
	cluster := fakemds.NewCluster(t, 1)
	prepare(cluster, e.Name)
	callbacks := listenForCallbacks(t, cluster, e.Name)

	conn, err := cluster.DialContext(t.Context(), "tcp", cluster.Addrs()[0])
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	io.WriteString(conn, e.rawRequest(callbacks.host))
	reader := bufio.NewReader(conn)
	resp, err := http.ReadResponse(reader, &http.Request{Method: e.Request.Method})
	if err == nil && resp.StatusCode == http.StatusContinue {
		resp, err = http.ReadResponse(reader, &http.Request{Method: e.Request.Method})
	}
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != e.Response.Status {
		t.Errorf("status %d, recorded %d: %s", resp.StatusCode, e.Response.Status, body)
	}
	if diff := cmp.Diff(meaning(e.Response.Body), meaning(string(body))); diff != "" {
		t.Errorf("body (-recorded +got):\n%s", diff)
	}
	time.Sleep(5 * time.Minute) // all deliveries and repetitions
	callbacks.check(t, e)
}

// rawRequest writes the request as it was recorded. Go's client would refuse or
// mend half of them.
func (e recorded) rawRequest(callbackHost string) string {
	body := strings.NewReplacer(`\xff`, "\xff", `\xfe`, "\xfe").Replace(e.Request.Body)
	if strings.HasSuffix(e.Name, "/chunked") { // the recording has no chunks
		body = `{"path": "cbd:pp2/lp2/busy"}`
		if strings.HasPrefix(e.Name, "async/") {
			body = `{"clusterInfo": {"version": "1.6.2", "uuid": "11111111-2222-3333-4444-555555555555"}}`
		}
		body = fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(body), body)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: mds-0\r\n", e.Request.Method, e.Request.Path)
	hasLength := body != "" && !strings.HasSuffix(e.Name, "/chunked")
	for name, value := range e.Request.Headers {
		switch {
		case name == "Content-Length":
			hasLength = true
			continue
		case name == "Host":
			continue
		case name == "X-Long":
			value = strings.Repeat("x", 70000)
		}
		fmt.Fprintf(&b, "%s: %s\r\n", name, strings.ReplaceAll(value, "127.0.0.1:CALLBACKPORT", callbackHost))
	}
	if hasLength && !strings.Contains(e.Name, "without-content-length") {
		fmt.Fprintf(&b, "Content-Length: %d\r\n", len(body))
	}
	b.WriteString("\r\n" + body)
	return b.String()
}

var (
	pageTitle = regexp.MustCompile(`<title>(.*?)</title>`)
)

// meaning of a body: the title of a page, or the JSON with numbers as strings,
// because the agent writes either.
func meaning(body string) any {
	if m := pageTitle.FindStringSubmatch(body); m != nil {
		return m[1]
	}
	var v any
	d := json.NewDecoder(strings.NewReader(body))
	d.UseNumber()
	if d.Decode(&v) != nil {
		return body
	}
	return stringify(v)
}

func stringify(v any) any {
	switch v := v.(type) {
	case json.Number:
		return v.String()
	case []any:
		for i := range v {
			v[i] = stringify(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = stringify(v[k])
		}
	}
	return v
}

// callbackLog is a listener that answers as the recording's did.
type callbackLog struct {
	host string
	mu   sync.Mutex // guards got
	got  []recordedCallback
}

type recordedCallback struct{ method, path, body, taskID string }

func listenForCallbacks(t *testing.T, cluster *fakemds.Cluster, name string) *callbackLog {
	listener, err := cluster.Listen()
	if err != nil {
		t.Fatal(err)
	}
	log := &callbackLog{host: listener.Addr().String()}
	behaviour := strings.TrimPrefix(name, "cb/listener-")
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		log.mu.Lock()
		log.got = append(log.got, recordedCallback{r.Method, r.URL.RequestURI(), string(body), r.Header.Get("taskuuid")})
		nth := len(log.got)
		log.mu.Unlock()
		answerCallback(w, r, behaviour, nth)
	})}
	go server.Serve(listener)
	t.Cleanup(func() { server.Close() })
	return log
}

func answerCallback(w http.ResponseWriter, r *http.Request, behaviour string, nth int) {
	var status int
	switch {
	case r.URL.Path == "/moved":
	case behaviour == "answers-after-5s":
		time.Sleep(5 * time.Second)
	case behaviour == "closes-without-answer-3-times" && nth <= 3:
		panic(http.ErrAbortHandler)
	case behaviour == "answers-garbage-twice" && nth <= 2:
		conn, _, _ := http.NewResponseController(w).Hijack()
		io.WriteString(conn, "garbage\r\n\r\n")
		conn.Close()
	case scan(behaviour, "redirects-%d", &status):
		w.Header().Set("Location", "/moved")
		w.WriteHeader(status)
	case scan(behaviour, "answers-%d", &status):
		w.WriteHeader(status)
	}
}

func scan(s, format string, into *int) bool {
	n, _ := fmt.Sscanf(s, format, into)
	return n == 1
}

// check compares the callbacks with the recorded one and its repetitions.
func (l *callbackLog) check(t *testing.T, e recorded) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	want := 0
	if e.Callback != nil {
		want = max(1, e.CallbackCount)
	}
	if len(l.got) != want {
		t.Fatalf("%d callbacks, recorded %d: %+v", len(l.got), want, l.got)
	}
	if want == 0 {
		return
	}
	first := l.got[0]
	if diff := cmp.Diff(meaning(e.Callback.Body), meaning(strings.ReplaceAll(first.body, "mds-0.fake", "10.99.0.1"))); diff != "" {
		t.Errorf("callback (-recorded +got):\n%s", diff)
	}
	if first.method != e.Callback.Method || first.path != e.Callback.Path || first.taskID != e.Request.Headers["taskuuid"] && first.taskID != "TASKUUID" {
		t.Errorf("callback %+v, recorded %s %s", first, e.Callback.Method, e.Callback.Path)
	}
	if last := l.got[len(l.got)-1]; strings.Contains(e.Name, "redirects-303") && last.method != http.MethodGet {
		t.Errorf("the redirect 303 was followed by %s", last.method)
	}
}
