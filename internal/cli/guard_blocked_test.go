package cli_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/zbsclient/zbsclient/fakemds"
	"github.com/zbsclient/zbsclient/internal/cli"
)

// blockedOutput takes the first write only after a time, as a pipe does that
// no program reads.
type blockedOutput struct {
	bytes.Buffer
	wait time.Duration
}

func (b *blockedOutput) Write(p []byte) (int, error) {
	<-time.After(b.wait)
	b.wait = 0
	return b.Buffer.Write(p)
}

// TestIssueGuardWithABlockedOutput: a verdict that expires while it is being
// printed is not one to act on, whatever the format.
func TestIssueGuardWithABlockedOutput(t *testing.T) {
	cluster, err := fakemds.Start(3, fakemds.OnLoopback())
	if err != nil {
		t.Fatal(err)
	}
	defer cluster.Close()
	cluster.AddVolume("zbs://lp/idle")
	cluster.AddVolume("zbs://lp/disk-5", "10.0.0.5")
	const validFor = 600 * time.Millisecond
	for name, row := range map[string]struct {
		args   []string
		stdin  string
		blocks time.Duration
		code   int
		says   string
	}{
		"in time":         {[]string{"zbs://lp/idle"}, "", 0, 0, "FREE until"},
		"a report":        {[]string{"zbs://lp/idle"}, "", validFor, 4, "EXPIRED: do not open it"},
		"a report, JSON":  {[]string{"zbs://lp/idle", "-o", "json"}, "", validFor, 4, ""},
		"a line":          {[]string{"--from-file", "-"}, "zbs://lp/idle\n", validFor, 4, "EXPIRED      zbs://lp/idle"},
		"a line of JSON":  {[]string{"--from-file", "-", "-o", "json"}, "zbs://lp/idle\n", validFor, 4, ""},
		"a line, in time": {[]string{"--from-file", "-"}, "zbs://lp/idle\n", 0, 0, "free         zbs://lp/idle  until"},
	} {
		t.Run(name, func(t *testing.T) {
			args := append([]string{"guard", "--mds", strings.Join(cluster.Addrs(), ","), "--hosts-file", "testdata/hosts.yaml",
				"--refresh", "300ms", "--leader-retry", "300ms", "--span", "300ms"}, row.args...)
			stdout, stderr := &blockedOutput{wait: row.blocks}, &bytes.Buffer{}
			code := cli.Main(args, func(string) string { return "" }, strings.NewReader(row.stdin), stdout, stderr)
			if code != row.code || !strings.Contains(stdout.String(), row.says) {
				t.Errorf("code %d, want %d, and %q in:\n%s", code, row.code, row.says, stdout)
			}
			if expired := strings.Contains(stderr.String(), "error: report expired: zbs://lp/idle was free until"); expired != (row.code == 4) {
				t.Errorf("stderr: %s", stderr)
			}
		})
	}
}
