package cli_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/testscript"
	"github.com/rogpeppe/go-internal/txtar"
	"go.uber.org/goleak"

	"github.com/zbsclient/zbsclient/fakemds"
	"github.com/zbsclient/zbsclient/internal/cli"
)

func TestMain(m *testing.M) {
	testscript.Main(leakChecked{m}, map[string]func(){
		"zbsctl": func() { os.Exit(cli.Main(os.Args[1:], os.Getenv, os.Stdin, os.Stdout, os.Stderr)) },
	})
}

// leakChecked fails the run when the fake clusters leave goroutines behind.
type leakChecked struct{ m *testing.M }

func (l leakChecked) Run() int {
	code := l.m.Run()
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

var scripts, _ = filepath.Abs("testdata/script")

// TestScripts runs every script against fake clusters on loopback.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 scripts,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Values["cluster"] = &scriptCluster{}
			env.Setenv("GORACE", "atexit_sleep_ms=0")
			env.Setenv("HOME", env.WorkDir)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"cluster":  cmdCluster,
			"volume":   cmdVolume,
			"snapshot": cmdSnapshot,
			"executed": cmdExecuted,
			"close":    cmdClose,
			"node":     cmdNode,
			"fault":    cmdFault,
			"target":   cmdTarget,
			"secret":   cmdSecret,
			"harmless": cmdHarmless,
			"asked":    cmdAsked,
			"golden":   cmdGolden,
			"waitfor":  cmdWaitFor,
			"envfrom":  cmdEnvFrom,
			"admin":    cmdAdmin,
		},
	})
}

type scriptCluster struct{ *fakemds.Cluster }

func clusterOf(ts *testscript.TestScript) *fakemds.Cluster {
	c := ts.Value("cluster").(*scriptCluster)
	if c.Cluster == nil {
		ts.Fatalf("no cluster was started")
	}
	return c.Cluster
}

// cmdCluster: "cluster N" starts N MDS on loopback; $MDS0… are their addresses,
// and $ZBS_MDS lists them. Hosts hold its heartbeat volumes open.
func cmdCluster(ts *testscript.TestScript, neg bool, args []string) {
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	opts := []fakemds.Option{fakemds.OnLoopback()}
	if len(args) > 1 && args[1] == "steady" {
		opts = append(opts, fakemds.KeepHeartbeatOpen())
	}
	cluster, err := fakemds.Start(n, opts...)
	ts.Check(err)
	ts.Defer(cluster.Close)
	ts.Value("cluster").(*scriptCluster).Cluster = cluster
	ts.Setenv("ZBS_MDS", strings.Join(cluster.Addrs(), ","))
	for i, addr := range cluster.Addrs() {
		ts.Setenv(fmt.Sprintf("MDS%d", i), addr)
	}
}

// cmdVolume: "volume PATH CLIENT..." adds a volume that the clients have open.
func cmdVolume(ts *testscript.TestScript, neg bool, args []string) {
	clusterOf(ts).AddVolume(args[0], args[1:]...)
}

// cmdSnapshot: "snapshot PATH@NAME" adds a snapshot.
func cmdSnapshot(ts *testscript.TestScript, neg bool, args []string) {
	clusterOf(ts).AddSnapshot(args[0])
}

// cmdClose: "close PATH HOST" lets the host close the volume.
func cmdClose(ts *testscript.TestScript, neg bool, args []string) {
	clusterOf(ts).CloseClient(args[0], args[1])
}

// cmdExecuted: "executed ENDPOINT N" checks how often the cluster ran it.
func cmdExecuted(ts *testscript.TestScript, neg bool, args []string) {
	if got := clusterOf(ts).Executed(args[0]); strconv.Itoa(got) != args[1] {
		ts.Fatalf("%s was executed %d times, want %s", args[0], got, args[1])
	}
}

// cmdNode: "node N unsync|sync|old|foreign|GENERATION" changes what kind of agent the
// node is.
func cmdNode(ts *testscript.TestScript, neg bool, args []string) {
	i, err := strconv.Atoi(args[0])
	ts.Check(err)
	switch n := clusterOf(ts).Node(i); args[1] {
	case "unsync":
		n.Unsync()
	case "sync":
		n.Sync("5.5.0")
	case "foreign":
		n.SetCluster("22222222-2222-3333-4444-555555555555")
	case "old":
		n.SetGeneration(fakemds.G6)
	default:
		g, err := fakemds.ParseGeneration(args[1])
		ts.Check(err)
		n.SetGeneration(g)
	}
}

// cmdTarget: "target HOST on|off" says whether the vhost target of the host runs.
func cmdTarget(ts *testscript.TestScript, neg bool, args []string) {
	clusterOf(ts).SetVhostTarget(args[0], args[1] == "on")
}

// cmdHarmless: "harmless" checks that the cluster came to no harm.
func cmdHarmless(ts *testscript.TestScript, neg bool, args []string) {
	if harm := clusterOf(ts).Harm(); harm != nil {
		ts.Fatalf("harm: %+v", harm)
	}
}

// cmdSecret: "secret TEXT N" checks how many requests hold the text.
func cmdSecret(ts *testscript.TestScript, neg bool, args []string) {
	got := 0
	for _, q := range clusterOf(ts).Requests() {
		got += strings.Count(string(q.Body), args[0])
	}
	if strconv.Itoa(got) != args[1] {
		ts.Fatalf("%s was sent %d times, want %s", args[0], got, args[1])
	}
}

// cmdFault: "fault N|all NAME[@ENDPOINT] [PARAM]" breaks a node until "fault N clear".
func cmdFault(ts *testscript.TestScript, neg bool, args []string) {
	cluster := clusterOf(ts)
	for i := range cluster.Addrs() {
		if args[0] != "all" && args[0] != strconv.Itoa(i) {
			continue
		}
		if args[1] == "clear" {
			cluster.Node(i).Clear()
			continue
		}
		param := ""
		if len(args) > 2 {
			param = args[2]
		}
		name, endpoint, limited := strings.Cut(args[1], "@")
		fault, err := fakemds.ParseFault(name, param)
		ts.Check(err)
		if limited {
			fault = fault.On(endpoint)
		}
		cluster.Node(i).Inject(fault)
	}
}

// cmdAsked: "asked N" checks how many requests reached the cluster.
func cmdAsked(ts *testscript.TestScript, neg bool, args []string) {
	got := 0
	for i := range clusterOf(ts).Addrs() {
		got += len(clusterOf(ts).Node(i).Requests())
	}
	if want, err := strconv.Atoi(args[0]); err != nil || got != want {
		ts.Fatalf("%d requests reached the cluster, want %s", got, args[0])
	}
}

var (
	durations = regexp.MustCompile(`\b[0-9.]+(?:µs|ms|s|m[0-9.]+s)\b`)
	seconds   = regexp.MustCompile(`(?i)(seconds"?: )[0-9.e-]+`)
	spaces    = regexp.MustCompile(`(\S) {2,}`)
	loopback  = regexp.MustCompile(`127\.0\.0\.1:[0-9]+`)
	whichMDS  = regexp.MustCompile(`\bmds-[0-9]\b`)
	clock     = regexp.MustCompile(`\b\d\d:\d\d:\d\dZ`)
	instant   = regexp.MustCompile(`\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ`)
	platform  = regexp.MustCompile(`zbsctl \S+.* go\S+ \S+`)
)

// cmdGolden: "golden stdout|stderr FILE" compares after taking out what differs
// from run to run: addresses, times, and the widths that follow from them.
// A third argument "anymds" takes out which MDS it was, where that follows from
// the hash of a random port. With UPDATE_GOLDEN set it writes what it got into the script instead.
func cmdGolden(ts *testscript.TestScript, neg bool, args []string) {
	got, want := ts.ReadFile(args[0]), ts.ReadFile(args[1])
	if cluster := ts.Value("cluster").(*scriptCluster).Cluster; cluster != nil {
		for i, addr := range cluster.Addrs() {
			got = strings.ReplaceAll(got, addr, fmt.Sprintf("mds-%d", i))
		}
	}
	if len(args) > 2 && args[2] == "anymds" {
		got = whichMDS.ReplaceAllString(got, "mds-N")
	}
	got = strings.ReplaceAll(got, ts.Getenv("WORK"), "WORK")
	got = loopback.ReplaceAllString(got, "LOOPBACK")
	got = platform.ReplaceAllString(got, "zbsctl VERSION")
	got = instant.ReplaceAllString(got, "INSTANT")
	got = clock.ReplaceAllString(got, "CLOCK")
	got = durations.ReplaceAllString(got, "TIME")
	got = seconds.ReplaceAllString(got, "${1}0")
	got = spaces.ReplaceAllString(got, "$1  ")
	if os.Getenv("UPDATE_GOLDEN") != "" {
		updateGolden(ts, args[1], got)
		return
	}
	if diff := cmp.Diff(want, got); diff != "" {
		ts.Fatalf("%s (-want +got):\n%s", args[0], diff)
	}
}

func updateGolden(ts *testscript.TestScript, name, got string) {
	path := filepath.Join(scripts, ts.Name()+".txtar")
	archive, err := txtar.ParseFile(path)
	ts.Check(err)
	for i := range archive.Files {
		if archive.Files[i].Name == name {
			archive.Files[i].Data = []byte(got)
		}
	}
	ts.Check(os.WriteFile(path, txtar.Format(archive), 0o644))
}

// cmdWaitFor: "waitfor NAME TEXT" waits until a background command printed TEXT.
func cmdWaitFor(ts *testscript.TestScript, neg bool, args []string) {
	path := ts.MkAbs(args[0])
	deadline := time.After(20 * time.Second)
	for tick := time.NewTicker(5 * time.Millisecond); ; {
		data, err := os.ReadFile(path)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			ts.Check(err)
		}
		if bytes.Contains(data, []byte(args[1])) {
			tick.Stop()
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			ts.Fatalf("%s never held %q:\n%s", args[0], args[1], data)
		}
	}
}

// cmdEnvFrom: "envfrom FILE" sets what its lines KEY=VALUE say.
func cmdEnvFrom(ts *testscript.TestScript, neg bool, args []string) {
	for line := range strings.Lines(ts.ReadFile(args[0])) {
		if key, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok {
			ts.Setenv(key, value)
		}
	}
}

// cmdAdmin: "admin METHOD PATH BODY" calls the admin API of zbsctl fake serve.
func cmdAdmin(ts *testscript.TestScript, neg bool, args []string) {
	req, err := http.NewRequest(args[0], ts.Getenv("ZBS_FAKE_ADMIN")+args[1], strings.NewReader(args[2]))
	ts.Check(err)
	req.Close = true
	resp, err := http.DefaultClient.Do(req)
	ts.Check(err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	ts.Check(err)
	if resp.StatusCode/100 != 2 {
		ts.Fatalf("%s %s: %s: %s", args[0], args[1], resp.Status, body)
	}
	_, err = ts.Stdout().Write(body)
	ts.Check(err)
}
