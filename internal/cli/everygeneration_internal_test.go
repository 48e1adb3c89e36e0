package cli

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/zbsclient/zbsclient/fakemds"
)

const (
	snapshotName = "0123456789abcdef0123456789abcdef"
	hostPassword = "S3cret-of-the-host"
)

// onGenerations is every command that asks an MDS, with arguments for the cluster
// of startLab. by are the generations that can do it; nil: all that are not too old.
var onGenerations = map[string]struct {
	args []string
	by   []fakemds.Generation
	// code is what the command exits with when it works; 0 unless it reports.
	code int
}{
	"clients":           {[]string{"zbs://lp1/busy"}, nil, 0},
	"guard":             {[]string{"zbs://lp1/vol"}, nil, exitCannotTell}, // no hosts are named
	"hosts check":       {[]string{"--hosts-file", "HOSTS"}, nil, exitCannotTell},
	"hosts discover":    {[]string{"zbs://lp1/busy"}, nil, 0},
	"pool list":         {nil, nil, 0},
	"mds status":        {nil, nil, 0},
	"mds top":           {[]string{"--count", "1"}, nil, 0},
	"mds usage":         {nil, []fakemds.Generation{fakemds.G9, fakemds.G10}, 0},
	"volume query":      {[]string{"zbs://lp1/clone"}, nil, 0},
	"volume create":     {[]string{"zbs://lp1/new", "--size", "3MiB"}, nil, 0},
	"volume delete":     {[]string{"zbs://lp1/free", "--force", "--yes"}, nil, 0},
	"volume expand":     {[]string{"zbs://lp1/vol", "--size", "20GiB"}, nil, 0},
	"volume clone":      {[]string{"zbs://lp1/vol@" + snapshotName, "zbs://lp1/new"}, nil, 0},
	"volume copy":       {[]string{"zbs://lp1/vol@" + snapshotName, "zbs://lp10/new"}, []fakemds.Generation{fakemds.G9, fakemds.G10}, 0},
	"volume flatten":    {[]string{"zbs://lp1/clone"}, nil, 0},
	"volume export":     {[]string{"zbs://lp1/vol", "--force"}, nil, 0},
	"volume unexport":   {[]string{"MDSN", "10600"}, nil, 0},
	"snapshot create":   {[]string{"zbs://lp1/vol@ffffffffffffffffffffffffffffffff"}, nil, 0},
	"snapshot delete":   {[]string{"zbs://lp1/free@" + snapshotName, "--yes"}, nil, 0},
	"snapshot rollback": {[]string{"zbs://lp1/vol@" + snapshotName, "--force", "--yes"}, nil, 0},
	"host deploy":       {[]string{"10.0.0.9"}, nil, 0},
	"vhost check":       {[]string{"10.0.0.9"}, []fakemds.Generation{fakemds.G10}, 0},
	"vhost health":      {[]string{"10.0.0.9"}, []fakemds.Generation{fakemds.G10}, 0},
	"vhost deploy":      {[]string{"10.0.0.9"}, []fakemds.Generation{fakemds.G8, fakemds.G9}, 0},
	"vhost destroy":     {[]string{"10.0.0.9", "--yes"}, []fakemds.Generation{fakemds.G8, fakemds.G9}, 0},
	"vhost bdev create": {[]string{"10.0.0.9", "zbs://lp1/vol"}, []fakemds.Generation{fakemds.G8, fakemds.G9, fakemds.G10}, 0},
	"vhost bdev delete": {[]string{"10.0.0.9", "b", "--yes"}, []fakemds.Generation{fakemds.G8, fakemds.G9, fakemds.G10}, 0},
}

// askNoMDS are the commands that ask no MDS.
var askNoMDS = []string{"hosts list", "guard replay", "vhost bdev name", "route", "route balance", "demo", "fake serve", "version", "config", "exit-codes"}

// Every command is in the table, or asks no MDS.
func TestEveryCommandIsTriedOnEveryGeneration(t *testing.T) {
	var visit func(cmd *cobra.Command, path string)
	visit = func(cmd *cobra.Command, path string) {
		for _, sub := range cmd.Commands() {
			name := strings.TrimSpace(path + " " + sub.Name())
			_, tried := onGenerations[name]
			if _, hasRun := onGenerations[name]; !hasRun && !slices.Contains(askNoMDS, name) && !sub.HasSubCommands() {
				t.Errorf("%q is in neither table (%t)", name, tried)
			}
			visit(sub, name)
		}
	}
	visit(rootCommand(&environment{stdout: &bytes.Buffer{}, stderr: &bytes.Buffer{}}, new(bool)), "")
}

// labs are a cluster of each kind of generation, and mixed ones.
var labs = [][]fakemds.Generation{
	{fakemds.G1}, {fakemds.G2}, {fakemds.G3}, {fakemds.G4}, {fakemds.G5}, {fakemds.G6}, {fakemds.G6z},
	{fakemds.G7}, {fakemds.G7e}, {fakemds.G8}, {fakemds.G9}, {fakemds.G10},
	{fakemds.G6, fakemds.G7e, fakemds.G10}, {fakemds.G8, fakemds.G9, fakemds.G10}, {fakemds.G1, fakemds.G6z, fakemds.G9},
}

func startLab(t *testing.T, generations []fakemds.Generation) *fakemds.Cluster {
	t.Helper()
	cluster, err := fakemds.Start(len(generations), fakemds.OnLoopback(), fakemds.Generations(generations...))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	cluster.AddPool("lp1", "pp1")
	cluster.AddPool("lp10", "pp10")
	for _, path := range []string{"zbs://lp1/vol", "zbs://lp1/free"} {
		cluster.AddVolume(path)
		cluster.AddSnapshot(path + "@" + snapshotName)
	}
	cluster.AddVolume("zbs://lp1/busy", "10.0.0.5:9001")
	cluster.AddClone("zbs://lp1/vol@"+snapshotName, "clone")
	return cluster
}

// Every command works, or says why it does not, on every generation and in mixed
// clusters, and harms nothing.
func TestEveryCommandOnEveryGeneration(t *testing.T) {
	for _, generations := range labs {
		t.Run(fmt.Sprint(generations), func(t *testing.T) {
			t.Parallel()
			for name, row := range onGenerations {
				t.Run(name, func(t *testing.T) {
					cluster := startLab(t, generations)
					code, out := runOn(t, cluster, strings.Fields(name), row.args)
					isOld := func(g fakemds.Generation) bool { return g <= fakemds.G6z }
					can := func(g fakemds.Generation) bool { return !isOld(g) && (row.by == nil || slices.Contains(row.by, g)) }
					isNew := func(g fakemds.Generation) bool { return !isOld(g) }
					switch {
					case slices.ContainsFunc(generations, can):
						if reports := strings.HasPrefix(name, "mds ") && len(generations) > 1; code != row.code && !reports {
							t.Errorf("exit code %d, want %d:\n%s", code, row.code, out)
						}
					case slices.ContainsFunc(generations, isNew):
						if code == exitDone || !strings.Contains(out, "cannot do this") {
							t.Errorf("exit code %d:\n%s", code, out)
						}
					case code == exitDone || !strings.Contains(out, "too old") && name != "guard":
						t.Errorf("exit code %d:\n%s", code, out)
					}
					checkNoHarm(t, cluster)
				})
			}
		})
	}
}

// runOn runs zbsctl with the arguments, MDSN (the last MDS) and HOSTS filled in.
func runOn(t *testing.T, cluster *fakemds.Cluster, command, args []string) (code int, out string) {
	t.Helper()
	hosts := filepath.Join(t.TempDir(), "hosts.yaml")
	if err := os.WriteFile(hosts, []byte("hosts:\n- name: kvm-1\n  addrs: [10.0.0.5]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	line := slices.Clone(command)
	for _, arg := range args {
		line = append(line, strings.NewReplacer("MDSN", cluster.Addrs()[cluster.Len()-1], "HOSTS", hosts).Replace(arg))
	}
	getenv := func(key string) string {
		return map[string]string{"ZBS_MDS": strings.Join(cluster.Addrs(), ","), "ZBS_HOST_PASSWORD": hostPassword, "ZBS_CONFIG": os.DevNull}[key]
	}
	var both bytes.Buffer
	code = Main(line, getenv, strings.NewReader(""), &both, &both)
	return code, strings.Join(line, " ") + "\n" + both.String()
}

func checkNoHarm(t *testing.T, cluster *fakemds.Cluster) {
	t.Helper()
	for _, harm := range cluster.Harm() {
		t.Errorf("harm: %+v", harm)
	}
	for _, q := range cluster.Requests() {
		if strings.Contains(string(q.Body), hostPassword) && !q.Executed {
			t.Errorf("the password went to %s, which did not execute it", q.Path)
		}
	}
}
