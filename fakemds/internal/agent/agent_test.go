package agent_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zbsclient/zbsclient/fakemds/internal/agent"
	"github.com/zbsclient/zbsclient/fakemds/internal/storage"
)

// newAgent returns a synced agent before a storage with the volumes v1, which has the
// snapshots s10 and s1, its clone c1, and busy, which is open on a client.
func newAgent(t *testing.T, g agent.Generation, cfg agent.Config) (*agent.Agent, *storage.Storage) {
	t.Helper()
	st := storage.New(storage.Options{})
	st.Do(func(s *storage.State) {
		s.AddPool("lp2", "pp2")
		v, err := s.Create("lp2", "v1", 10<<30)
		busy, err2 := s.Create("lp2", "busy", 1<<30)
		if err := errors.Join(err, err2, v.CreateSnapshot("s10"), v.CreateSnapshot("s1"), v.Protect("s1")); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Clone(v, "s1", "c1"); err != nil {
			t.Fatal(err)
		}
		s.Open(busy, storage.Address{IP: "10.0.0.5"}, time.Now())
	})
	cfg.UUID, cfg.Version = "uuid-1", "1.6.2"
	a := agent.New(cfg, st, g)
	a.SetSerial("SERIAL-1")
	a.Sync("5.5.0")
	a.Locate("10.99.0.1", []string{"mds-0.fake:6700", "mds-1.fake:6700"})
	return a, st
}

func run(t *testing.T, a *agent.Agent, endpoint string, r agent.Request) agent.Result {
	t.Helper()
	ep := agent.Lookup(a.Generation(), endpoint)
	if ep == nil {
		t.Fatalf("%v has no %s", a.Generation(), endpoint)
	}
	return ep.Run(t.Context(), a, r)
}

// One endpoint of each group, with the answer, the harm, and what was not done.
func TestRun(t *testing.T) {
	for _, row := range []struct {
		name     string
		g        agent.Generation
		cfg      agent.Config
		endpoint string
		body     string
		want     string // the whole answer; of a failure the error alone
		harm     []string
		nothing  bool
	}{
		{"query", agent.G9, agent.Config{}, "volume/query", `{"path":"cbd:pp2/lp2/c1"}`,
			`{"success": true, "error": "", "size": 10737418240, "actualSize": 0, "parentUri": "cbd:pp2/lp2/v1@s1"}`, nil, false},
		{"query by names", agent.G1, agent.Config{}, "volume/query", `{"logicalPoolName":"lp2","lunName":"none"}`,
			`cannot found lun[lp2/none] info, error[Rpc[GetFileInfo] for [lp2/none] status code: kFileNotExists]`, nil, false},
		{"create in GiB whatever the unit", agent.G1, agent.Config{}, "volume/create", `{"logicalPoolName":"lp2","lunName":"n1","size":2,"unit":"M"}`,
			`{"success": true, "error": "", "size": 2147483648, "actualSize": 0, "installPath": "cbd:pp2/lp2/n1"}`,
			[]string{"did not read the unit M: the size is 2 GiB"}, false},
		{"expand to what it is", agent.G9, agent.Config{}, "volume/expand", `{"path":"cbd:pp2/lp2/v1","size":10,"unit":"G"}`,
			`{"success": true, "error": "", "size": 10737418240}`, nil, true},
		{"delete of a snapshot path", agent.G9, agent.Config{}, "volume/delete", `{"path":"cbd:pp2/lp2/c1@s1"}`,
			`{"success": true, "error": ""}`, []string{"the path cbd:pp2/lp2/c1@s1 is a snapshot: acted on the volume lp2/c1"}, false},
		{"delete of nothing", agent.G9, agent.Config{}, "volume/delete", `{"path":"cbd:pp2/lp2/none"}`, `{"success": true, "error": ""}`, nil, true},
		{"snapshot found by substring", agent.G9, agent.Config{}, "snapshot/create", `{"path":"cbd:pp2/lp2/v1","snapshot":"s","skipOnExisting":true}`,
			`{"success": true, "error": "", "size": 10737418240, "actualSize": 0, "installPath": "cbd:pp2/lp2/v1@s"}`, nil, true},
		{"snapshot found whole", agent.G9, agent.Config{Honest: true}, "snapshot/create", `{"path":"cbd:pp2/lp2/v1","snapshot":"s","skipOnExisting":true}`,
			`{"success": true, "error": "", "size": 10737418240, "actualSize": 0, "installPath": "cbd:pp2/lp2/v1@s"}`, nil, false},
		{"a snapshot with a clone", agent.G9, agent.Config{}, "snapshot/delete", `{"path":"cbd:pp2/lp2/v1@s1"}`,
			"the snapshot[lp2/v1@s1] is still in used", nil, false},
		{"the agent lies about it", agent.G9, agent.Config{SnapshotDeleteLies: true}, "snapshot/delete", `{"path":"cbd:pp2/lp2/v1@s1"}`,
			`{"success": true, "error": ""}`, nil, true},
		{"clone", agent.G9, agent.Config{}, "volume/clone", `{"path":"cbd:pp2/lp2/v1@s1","dstVolume":"c2"}`,
			`{"success": true, "error": "", "installPath": "cbd:pp2/lp2/c2", "size": 10737418240, "actualSize": 0}`, nil, false},
		{"a copy that fails deletes", agent.G9, agent.Config{}, "copy", `{"path":"cbd:pp2/lp2/v1@s1","dstVolume":"c1","threadContext":{"api":"x"}}`,
			"failed to copy snapshot[lp2/v1@s1] to volume[lp2/c1], error[Rpc[CreateFile] for [lp2/c1] status code: kFileExists]",
			[]string{"the copy that failed deleted the volume lp2/c1"}, false},
		{"clients", agent.G9, agent.Config{}, "volume/clients", `{"path":"cbd:pp2/lp2/busy"}`,
			`{"success": true, "error": "", "clients": [{"ip": "10.0.0.5", "port": "9001"}]}`, nil, false},
		{"clients of nothing", agent.G7e, agent.Config{}, "volume/clients", `{"path":"cbd:pp2/lp2/none"}`,
			"failed to get volume[lp2/none] clients, error[Rpc[ListClient] for [lp2/none] status code: kFileNotExists]", nil, false},
		{"export of another snapshot", agent.G9, agent.Config{}, "volume/cbdtonbd", `{"path":"cbd:pp2/lp2/v1@s","addr":"10.0.0.1","portRange":"7:9"}`,
			`{"success": true, "error": "", "ip": "10.0.0.1", "port": 7}`, []string{"exported the snapshot s10 for s"}, false},
		{"a name for the shell", agent.G9, agent.Config{}, "vhost/bdev/delete", `{"hostIp":"10.0.0.7","bdevName":"a;b"}`,
			`{"success": true, "error": ""}`, []string{"the shell of the node read 'a;b'"}, true},
		{"no password", agent.G8, agent.Config{}, "vhost/destroy", `{"hostIp":"10.0.0.7","sshPort":22}`,
			"'NoneType' object has no attribute 'replace'", nil, false},
		{"another cluster", agent.G9, agent.Config{}, "ping", `{"clusterInfo":{"uuid":"uuid-2","version":"1.6.2"}}`,
			"cluster uuid does not match, current cluster uuid[uuid-1], old cluster uuid[uuid-2]", nil, false},
		{"client.conf", agent.G1, agent.Config{}, "facts", `{"mdsAddr":"mds-1"}`, `{"success": true, "error": "", "version": "1.6.2"}`,
			[]string{"wrote client.conf: mds.listen.addr=None, was mds.listen.addr=mds-0.fake:6700,mds-1.fake:6700"}, false},
		{"another agentVersion", agent.G9, agent.Config{}, "metadata/sync", `{"addr":"10.0.0.1","agentVersion":"5.6.0"}`,
			`{"success": true, "error": "", "externalAddr": "10.0.0.1:6700", "physicalServerSerialNumber": "SERIAL-1"}`,
			[]string{"metadata/sync replaced the agentVersion 5.5.0 by 5.6.0"}, false},
		{"an unknown pool", agent.G9, agent.Config{}, "capacity", `{"logicalPoolNames":["lp"]}`,
			"cannot found logical pool[['lp']], you must create it manually", nil, false},
		{"a pool by substring", agent.G1, agent.Config{}, "capacity", `{"logicalPoolName":"lp"}`,
			`{"success": true, "error": "", "capacity": 3298534883328, "usedSize": 0}`, nil, false},
		{"usage", agent.G9, agent.Config{}, "resource/usage", `{"cgroupNames":["zstone.share.slice"]}`,
			`{"success": true, "error": "", "physicalServerSerialNumber": "SERIAL-1", "usages": []}`, nil, false},
		{"a broken batch", agent.G7e, agent.Config{}, "volume/query/batch", `{"installPaths":["cbd:pp2/lp2/v1"]}`,
			"global name 'get_logical_pool_name' is not defined", nil, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			a, _ := newAgent(t, row.g, row.cfg)
			got := run(t, a, row.endpoint, agent.Request{Body: []byte(row.body)})
			want := row.want
			if !strings.HasPrefix(want, "{") {
				want = string(agent.Failure(want))
			}
			if string(got.Body) != want {
				t.Errorf("answer\n%s\nwant\n%s", got.Body, want)
			}
			if failed := !strings.HasPrefix(row.want, "{"); (got.Err != nil) != failed {
				t.Errorf("error %v", got.Err)
			}
			if !slices.Equal(got.Harm, row.harm) {
				t.Errorf("harm %q, want %q", got.Harm, row.harm)
			}
			if got.DidNothing != row.nothing {
				t.Errorf("did nothing: %v", got.DidNothing)
			}
		})
	}
}

// Every endpoint that reads a field says which one a body lacks that is no object.
func TestBodyIsNoObject(t *testing.T) {
	noFields := []string{"echo"}
	for _, g := range agent.Generations() {
		for _, name := range agent.Endpoints(g) {
			ignored := slices.Contains(noFields, name) || name == "facts" && g >= agent.G7 || name == "ping" && g >= agent.G3 && g <= agent.G6z
			t.Run(g.String()+" "+name, func(t *testing.T) {
				a, _ := newAgent(t, g, agent.Config{})
				got := run(t, a, name, agent.Request{Body: []byte(`["x"]`)})
				if ignored {
					if got.Err != nil {
						t.Errorf("failed: %v", got.Err)
					}
					return
				}
				if got.Err == nil || !strings.HasPrefix(got.Err.Error(), "'list' object has no attribute '") {
					t.Errorf("error %v, want that of a list without an attribute", got.Err)
				}
			})
		}
	}
}

// Answers that wait do so no longer than their context lives, and the storage is free
// meanwhile.
func TestWaits(t *testing.T) {
	for _, row := range []struct {
		name, endpoint, body string
		ready                func(s *storage.State)
		limit                time.Duration
	}{
		{"for a volume in use", "volume/delete", `{"path":"cbd:pp2/lp2/busy"}`, func(s *storage.State) {
			s.Volume("lp2", "busy").Close(storage.Address{IP: "10.0.0.5"})
		}, 153 * time.Second},
		{"for a vhost target", "vhost/check", `{"hostIp":"10.0.0.7"}`, func(s *storage.State) { s.SetTarget("10.0.0.7", true) }, 20 * time.Second},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a, st := newAgent(t, agent.G10, agent.Config{})
				st.Do(func(s *storage.State) { s.SetTarget("10.0.0.7", false) })
				took := func(ctx context.Context) (time.Duration, error) {
					begin := time.Now()
					got := agent.Lookup(agent.G10, row.endpoint).Run(ctx, a, agent.Request{Body: []byte(row.body)})
					return time.Since(begin), got.Err
				}
				if d, err := took(t.Context()); d != row.limit || err == nil {
					t.Errorf("without an end: %v, %v, want an error after %v", d, err, row.limit)
				}
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				if d, err := took(ctx); d != time.Second || !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("cut short: %v, %v", d, err)
				}
				time.AfterFunc(5900*time.Millisecond, func() { st.Do(row.ready) }) // before a look, not at the same instant
				if d, err := took(t.Context()); d != 6*time.Second || err != nil {
					t.Errorf("ready after 6 s: %v, %v", d, err)
				}
			})
		})
	}
}

// What the node's faults make of the storage: its commands fail, its lists are old.
func TestRequestsWithFaults(t *testing.T) {
	a, _ := newAgent(t, agent.G9, agent.Config{})
	timeout := errors.New("rpc timeout")
	got := run(t, a, "volume/query", agent.Request{Body: []byte(`{"path":"cbd:pp2/lp2/v1"}`), StorageError: timeout})
	if got.Err == nil || got.Err.Error() != "cannot found volume[cbd:pp2/lp2/v1] info, error[rpc timeout]" {
		t.Errorf("query: %v", got.Err)
	}
	got = run(t, a, "volume/delete", agent.Request{Body: []byte(`{"path":"cbd:pp2/lp2/v1"}`), StorageError: timeout})
	if got.Err != nil || !got.DidNothing {
		t.Errorf("delete: %v, did nothing: %v", got.Err, got.DidNothing)
	}
	frozen := map[string][]storage.Address{"lp2/v1": {{IP: "10.0.0.9", Port: 1}}}
	got = run(t, a, "volume/clients", agent.Request{Body: []byte(`{"path":"cbd:pp2/lp2/v1"}`), Frozen: frozen})
	if want := `{"success": true, "error": "", "clients": [{"ip": "10.0.0.9", "port": "1"}]}`; string(got.Body) != want {
		t.Errorf("clients: %s, want %s", got.Body, want)
	}
}

func TestExports(t *testing.T) {
	a, st := newAgent(t, agent.G9, agent.Config{})
	body := []byte(`{"path":"cbd:pp2/lp2/v1","addr":"10.0.0.1","portRange":"7:8"}`)
	for range 2 {
		if got := run(t, a, "volume/cbdtonbd", agent.Request{Body: body}); got.Err != nil {
			t.Fatal(got.Err)
		}
	}
	if got := run(t, a, "volume/cbdtonbd", agent.Request{Body: body}); got.Err == nil || got.Err.Error() != "no free port in range[7:8]" {
		t.Errorf("third: %v", got.Err)
	}
	want := []agent.Export{{Port: 7, Volume: "lp2/v1"}, {Port: 8, Volume: "lp2/v1"}}
	if got := a.Exports(); !slices.Equal(got, want) {
		t.Errorf("exports %v, want %v", got, want)
	}
	clients := func() (ips []string) {
		st.Do(func(s *storage.State) {
			for _, c := range s.Volume("lp2", "v1").Clients {
				ips = append(ips, c.IP)
			}
		})
		return ips
	}
	if got := clients(); !slices.Equal(got, []string{"10.99.0.1", "10.99.0.1"}) {
		t.Errorf("open on %v", got)
	}
	for _, nothing := range []bool{false, true} {
		if got := run(t, a, "volume/cleannbd", agent.Request{Body: []byte(`{"port":7}`)}); got.Err != nil || got.DidNothing != nothing {
			t.Errorf("cleannbd: %v, did nothing: %v, want %v", got.Err, got.DidNothing, nothing)
		}
	}
	if got := clients(); len(got) != 1 || len(a.Exports()) != 1 {
		t.Errorf("left: open on %v, exports %v", got, a.Exports())
	}
}

func TestGenerations(t *testing.T) {
	for _, g := range agent.Generations() {
		if got, err := agent.ParseGeneration(" " + strings.ToLower(g.String())); err != nil || got != g {
			t.Errorf("%v: read as %v, %v", g, got, err)
		}
		if len(agent.Endpoints(g)) == 0 {
			t.Errorf("%v has no endpoints", g)
		}
	}
	if _, err := agent.ParseGeneration("G0"); err == nil || !strings.HasSuffix(err.Error(), "want one of G1, G2, G3, G4, G5, G6, G6z, G7, G7e, G8, G9, G10") {
		t.Errorf("G0: %v", err)
	}
	if agent.IsEndpoint("volume/none") || !agent.IsEndpoint("snapshot/query") || agent.Lookup(agent.G10, "snapshot/query") != nil {
		t.Error("snapshot/query is of some generations and not of G10")
	}
}
