package fakemds_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/zbsclient/zbsclient/fakemds"
)

// exchange is one recorded request of the real agent with what it answered.
type exchange struct {
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
		Headers            map[string]string
	}
	CallbackCount int
	Callbacks     []struct {
		Method, Path string
		BodyLen      int
	}
}

func exchanges(t testing.TB) []exchange {
	raw, err := os.ReadFile("../testdata/wire/exchanges.json")
	if err != nil {
		t.Fatal(err)
	}
	var all []exchange
	if err := json.Unmarshal(raw, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

// differences are the recorded exchanges that the fake answers otherwise on
// purpose, each with the reason. All others must agree.
var differences = map[string]string{
	"capacity/undecodable-policy-and-absent-fields":              "needs a storage that prints less than a pool; the client's decoder is tested on the recording itself",
	"create/pool-not-listed-installPath-has-empty-physical-pool": "needs a storage that creates volumes in a pool it does not list",
	"create/name-with-space":                                     "the fake runs no shell: the name is taken as it is, and the ledger shows it",
	"create/name-with-semicolon":                                 "the fake runs no shell: the name is taken as it is, and the ledger shows it",
	"clients/path-newline":                                       "the fake runs no shell: no such volume, hence an empty list",
	"ping/status-mds-not-json":                                   "needs a storage that prints garbage; inject AgentError for its effect",
	"query/zbs-exit-1":                                           "needs a storage command that exits with 1; inject AgentError for its effect",
	"query/zbs-prints-nothing":                                   "needs a storage that prints nothing; inject AgentError for its effect",
	"query/zbs-prints-numbers-as-strings":                        "the fake prints sizes as numbers, ports as both",
	"clients/list-client-error":                                  "StorageError fails the look-up before it; inject AgentError for its effect",
	"clients/list-client-result-null":                            "needs a storage that prints null; inject AgentError for its effect",
	"clients/list-client-partial-entries":                        "needs a storage that prints half a client; the client's decoder is tested on the recording itself",
	"clients/list-client-exit-1":                                 "needs a storage command that exits with 1; inject AgentError for its effect",
	"async/body-NaN":                                             "the fake's JSON decoder takes no NaN: it answers an error, but with another text",
}

// setup is a state before an exchange. The first row whose prefix the name has
// is taken.
type setup struct {
	prefix  string
	volumes []string // "lp2/v1", "lp2/v1@s1", "lp2/v1 10.0.0.5:9001"
	do      func(c *fakemds.Cluster)
}

var setups = []setup{
	{prefix: "clients/BEFORE-sync", volumes: []string{"lp1/busy 10.0.0.5:9001"}, do: unsync},
	{prefix: "clients/AFTER-sync-but-old-zbs", volumes: []string{"lp1/busy 10.0.0.5:9001"}, do: oldStorage},
	{prefix: "clients/AFTER-sync", volumes: []string{"lp1/busy 10.0.0.5:9001"}},
	{prefix: "clients/query-file-other-error", do: storageError("Rpc[GetFileInfo] for [lp2/busy] status code: KInternalError")},
	{prefix: "clients/query-file-error-without", do: storageError("rpc timeout")},
	{prefix: "clients/query-file-kFileNotExists", do: storageError("x status code: kFileNotExists y status code: KInternalError")},
	{prefix: "clients/", volumes: []string{"lp2/busy 10.0.0.5:9001", "lp2/busy 10.0.0.6:9002", "lp2/idle"}},
	{prefix: "ping/BEFORE-sync", do: unsync},
	{prefix: "ping/after-failed-sync", do: unsync},
	{prefix: "ping/after-sync-without-agentVersion", do: unsync},
	{prefix: "ping/old-cluster-version-null-uuid", do: unsync},
	{prefix: "ping/after-sync-old-zbs", do: oldStorage},
	{prefix: "metadata-sync/agent-not-on-an-mds-node", do: func(c *fakemds.Cluster) { c.Node(0).SetNotMDS(true) }},
	{prefix: "metadata-sync/old-zbs", do: oldStorage},
	{prefix: "metadata-sync/help-fails", do: oldStorage},
	{prefix: "metadata-sync/", do: unsync},
	{prefix: "create/existing-with-skip", volumes: []string{"lp2/v1"}},
	{prefix: "query/", volumes: []string{"lp2/v1@s1"}, do: withClone},
	{prefix: "batch/", volumes: []string{"lp2/v1@s1"}, do: withClone},
	{prefix: "snap-create/ok", volumes: []string{"lp2/v1"}},
	{prefix: "snap-create/existing", volumes: []string{"lp2/v1@s1"}},
	{prefix: "snap-create/", volumes: []string{"lp2/v1@s1", "lp2/w1@snap10", "lp2/fresh"}},
	{prefix: "clone/SUBSTRING", volumes: []string{"lp2/v1@s10", "lp2/v1@s1"}, do: func(c *fakemds.Cluster) { c.Protect("zbs://lp2/v1@s10") }},
	{prefix: "clone/", volumes: []string{"lp2/v1@s1", "lp2/nosnap"}},
	{prefix: "flatten/", volumes: []string{"lp2/v1@s1"}, do: withClone},
	{prefix: "copy/", volumes: []string{"lp2/v1@s1", "lp2/cp1", "lp2/precious", "lp2/samename", "lp10/samename"}},
	{prefix: "rollback/", volumes: []string{"lp2/v1@s1"}},
	{prefix: "expand/", volumes: []string{"lp2/v1@s1"}},
	{prefix: "snap-delete/zbs-refuses", volumes: []string{"lp2/v1@s2"}, do: storageError("refused")},
	{prefix: "snap-delete/already-gone", volumes: []string{"lp2/v1"}},
	{prefix: "snap-delete/", volumes: []string{"lp2/v1@s1"}},
	{prefix: "delete/list-snapshot-error", volumes: []string{"lp2/v2"}, do: storageError("rpc timeout")},
	{prefix: "delete/nonexistent"},
	{prefix: "delete/", volumes: []string{"lp2/v1@s1", "lp2/v2", "lp2/v3"}},
	{prefix: "cbdtonbd/", volumes: []string{"lp2/v1@s10", "lp2/v1@s1"}},
	{prefix: "v540/capacity", do: old},
	{prefix: "v540/", volumes: []string{"lp2/v1@s1", "lp2/v2"}, do: func(c *fakemds.Cluster) { old(c); withClone(c) }},
	{prefix: "restart/clients-before", volumes: []string{"lp2/busy 10.0.0.5:9001"}},
	{prefix: "restart/", volumes: []string{"lp2/busy 10.0.0.5:9001"}, do: func(c *fakemds.Cluster) {
		c.Node(0).Restart()
		c.Node(0).SetServer("SERIAL-10.99.0.3") // this part was recorded on another server
	}},
	{prefix: ""},
}

func unsync(c *fakemds.Cluster) { c.Node(0).Unsync() }
func old(c *fakemds.Cluster)    { c.Node(0).SetGeneration(fakemds.G6) }

func oldStorage(c *fakemds.Cluster) { c.Node(0).SetOldStorage(true) }

func storageError(msg string) func(*fakemds.Cluster) {
	return func(c *fakemds.Cluster) { c.Node(0).Inject(fakemds.StorageError(msg)) }
}

// withClone gives v1 the numbers of the recordings and a clone.
func withClone(c *fakemds.Cluster) {
	c.SetSize("zbs://lp2/v1", 10<<30, 1<<30)
	c.AddClone("zbs://lp2/v1@s1", "c1")
}

func prepare(c *fakemds.Cluster, name string) {
	c.Node(0).SetServer("SERIAL-10.99.0.1")
	c.AddPool("lp1", "pp1")
	c.AddPool("lp2", "pp2")
	c.AddPool("lp10", "pp10")
	for _, s := range setups {
		if !strings.HasPrefix(name, s.prefix) {
			continue
		}
		for _, v := range s.volumes {
			path, client, open := strings.Cut(v, " ")
			c.AddVolume("zbs://" + strings.Split(path, "@")[0])
			if strings.Contains(path, "@") {
				c.AddSnapshot("zbs://" + path)
			}
			if open {
				c.Open("zbs://"+path, client)
			}
		}
		if s.do != nil {
			s.do(c)
		}
		return
	}
}

// TestReplay sends every recorded request, byte by byte as it was, and compares
// what comes back with what the real agent did.
func TestReplay(t *testing.T) {
	all := exchanges(t)
	for _, x := range all {
		t.Run(x.Name, func(t *testing.T) {
			why, differs := differences[x.Name]
			var diffs []string
			bubble(t, 1, func(t *testing.T, c *fakemds.Cluster) {
				prepare(c, x.Name)
				diffs = replay(t, c, x)
			})
			switch {
			case differs && len(diffs) == 0:
				t.Errorf("agrees with the recording; take it off the list of differences (%s)", why)
			case !differs && len(diffs) > 0:
				t.Error(strings.Join(diffs, "\n"))
			}
		})
	}
	for name := range differences {
		if !slices.ContainsFunc(all, func(x exchange) bool { return x.Name == name }) {
			t.Errorf("no recording has the name %s of a difference", name)
		}
	}
}

// replay returns what differs.
func replay(t *testing.T, c *fakemds.Cluster, x exchange) []string {
	cbs := newListener(t, c, x.Name)
	if strings.HasPrefix(x.Name, "dup/") {
		c.Node(0).Inject(fakemds.Slow(time.Minute).Times(1))
		first := x
		first.Request.Headers = map[string]string{"taskuuid": "task-1", "callbackurl": "http://nobody.fake:1/"}
		send(t, c, raw(first, cbs.addr))
	}
	resp, body := send(t, c, raw(x, cbs.addr))
	time.Sleep(30 * time.Second)
	cbs.close()

	var diffs []string
	differ := func(what string, got, want any) {
		if !reflect.DeepEqual(got, want) {
			diffs = append(diffs, fmt.Sprintf("%s: got %v\nwant %v", what, got, want))
		}
	}
	differ("status", resp.StatusCode, x.Response.Status)
	differ("content type", resp.Header.Get("Content-Type"), "text/html;charset=utf-8")
	differ("body", meaning(body), meaning(x.Response.Body))
	want := x.CallbackCount
	if want == 0 && x.Callback != nil {
		want = 1
	}
	differ("number of callbacks", len(cbs.got), want)
	for i, cb := range cbs.got {
		if x.Callback == nil {
			break
		}
		method, path := x.Callback.Method, x.Callback.Path
		if len(x.Callbacks) > i {
			method, path = x.Callbacks[i].Method, x.Callbacks[i].Path
		}
		differ("callback method", cb.method, method)
		differ("callback path", cb.path, path)
		task := strings.ReplaceAll(x.Callback.Headers["taskuuid"], "TASKUUID", "task-1")
		differ("callback task", latin1(cb.task), task)
		if x.Name == "async/deeply-nested-json" { // the recorder cut its text
			cb.body, x.Callback.Body = cb.body[:1000], x.Callback.Body[:1000]
		}
		if method == http.MethodPost {
			differ("callback body", meaning(cb.body), meaning(x.Callback.Body))
		}
	}
	return diffs
}

// latin1 reads a header as the recorder did.
func latin1(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		b.WriteRune(rune(c))
	}
	return b.String()
}

var (
	title = regexp.MustCompile(`<title>(.*)</title>`)
	text  = regexp.MustCompile(`<p>(.*)</p>`)
)

// meaning is what counts of a body: decoded JSON, or the title and the message of
// an HTML page, not its traceback.
func meaning(body string) any {
	if m := title.FindStringSubmatch(body); m != nil {
		if p := text.FindStringSubmatch(body); p != nil {
			return m[1] + ": " + p[1]
		}
		return m[1]
	}
	var v any
	dec := json.NewDecoder(strings.NewReader(body))
	dec.UseNumber()
	if dec.Decode(&v) == nil {
		return v
	}
	return body
}

// raw is the request as it was on the wire. What the recorder shortened or could
// not write in JSON is restored.
func raw(x exchange, callbackAddr string) []byte {
	body, headers := x.Request.Body, x.Request.Headers
	task := "task-1"
	switch {
	case strings.Contains(x.Name, "invalid-utf8"):
		body = strings.NewReplacer(`\xff`, "\xff", `\xfe`, "\xfe").Replace(body)
	case x.Name == "async/body-20MiB":
		body = body[:strings.Index(body, "xxxx")] + strings.Repeat("x", 20<<20) + `"}`
	case x.Name == "async/deeply-nested-json":
		body = `{"clusterInfo":` + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + "}"
	case x.Name == "async/taskuuid-non-ascii":
		task = "täsk"
	case x.Name == "clients/chunked":
		body = chunked(`{"path": "cbd:pp2/lp2/busy"}`)
	case x.Name == "async/chunked":
		body = chunked(`{"clusterInfo": {"version": "1.6.2", "uuid": "11111111-2222-3333-4444-555555555555"}}`)
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\n", x.Request.Method, x.Request.Path)
	for _, k := range slices.Sorted(maps.Keys(headers)) {
		if k == "Host" && x.Name == "async/no-host-header" {
			continue
		}
		v := strings.NewReplacer("127.0.0.1:AGENTPORT", "mds-0.fake:7763", "127.0.0.1:CALLBACKPORT", callbackAddr,
			"TASKUUID", task, "x * 70000", strings.Repeat("x", 70000)).Replace(headers[k])
		fmt.Fprintf(&b, "%s: %s\r\n", k, v)
	}
	if headers["Host"] == "" && x.Name != "async/no-host-header" {
		b.WriteString("Host: mds-0.fake:7763\r\n")
	}
	if body != "" && headers["Content-Length"] == "" && headers["Transfer-Encoding"] == "" {
		fmt.Fprintf(&b, "Content-Length: %d\r\n", len(body))
	}
	b.WriteString("\r\n" + body)
	return b.Bytes()
}

func chunked(s string) string {
	return fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(s), s)
}

func send(t *testing.T, c *fakemds.Cluster, msg []byte) (*http.Response, string) {
	t.Helper()
	conn, err := c.DialContext(context.Background(), "tcp", c.Node(0).Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write(msg); err != nil {
		t.Fatal(err)
	}
	method, _, _ := strings.Cut(string(msg[:20]), " ")
	br := bufio.NewReader(conn)
	resp, err := http.ReadResponse(br, &http.Request{Method: method})
	if err == nil && resp.StatusCode == http.StatusContinue {
		resp, err = http.ReadResponse(br, &http.Request{Method: method})
	}
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(body)
}

// listener receives callbacks and behaves as the name of the recording says.
type listener struct {
	addr string
	name string
	got  []callback
	ln   net.Listener
	done chan struct{}
}

func newListener(t *testing.T, c *fakemds.Cluster, name string) *listener {
	ln, err := c.Listen()
	if err != nil {
		t.Fatal(err)
	}
	l := &listener{addr: ln.Addr().String(), name: name, ln: ln, done: make(chan struct{})}
	go func() {
		defer close(l.done)
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			l.serve(conn)
		}
	}()
	return l
}

func (l *listener) close() {
	l.ln.Close()
	<-l.done
}

func (l *listener) serve(conn net.Conn) {
	defer conn.Close()
	req, err := http.ReadRequest(bufio.NewReader(conn))
	if err != nil {
		return
	}
	body, err := io.ReadAll(req.Body)
	l.got = append(l.got, callback{time.Now(), req.Method, req.RequestURI, req.Header.Get("taskuuid"), string(body), err})
	status, location := "200 OK", ""
	_, how, _ := strings.Cut(l.name, "cb/listener-")
	switch {
	case how == "closes-without-answer-3-times" && len(l.got) <= 3:
		return
	case how == "answers-garbage-twice" && len(l.got) <= 2:
		io.WriteString(conn, "this is no HTTP\r\n\r\n")
		return
	case how == "answers-after-5s":
		time.Sleep(5 * time.Second)
	case strings.HasPrefix(how, "redirects-") && req.URL.Path == "/cb":
		status, location = strings.TrimPrefix(how, "redirects-")+" Moved", "Location: /moved\r\n"
	case strings.HasPrefix(how, "answers-") && how[8] >= '2' && how[8] <= '5':
		status = how[8:11] + " Whatever"
	}
	fmt.Fprintf(conn, "HTTP/1.1 %s\r\n%sContent-Length: 0\r\nConnection: close\r\n\r\n", status, location)
}
