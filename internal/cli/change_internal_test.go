package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/volume"
)

// testChanger returns a changer for one MDS, which it never asks.
func testChanger(stdout, stderr io.Writer, out format) *changer {
	env := &environment{stdout: stdout, stderr: stderr, getenv: func(string) string { return "" }}
	return &changer{env: env, to: &target{env: env, mdsList: []string{"mds-a"}}, out: &out}
}

// Several changes run at the same time. They are reported in the order of the command
// line.
func TestChangesInParallel(t *testing.T) {
	const n = 3 * parallelism
	for _, out := range []format{formatTable, formatJSON} {
		synctest.Test(t, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			c := testChanger(&stdout, &stderr, out)
			var now, most atomic.Int32
			changes := make([]change, n)
			for i := range changes {
				name := fmt.Sprintf("v%02d", i)
				changes[i] = change{title: name, doc: changeDoc{Path: name}, make: func(context.Context, cluster, *changeDoc, []mds.CallOption) (string, error) {
					if at := now.Add(1); at > most.Load() {
						most.Store(at)
					}
					defer now.Add(-1)
					time.Sleep(time.Second + time.Duration(n-i)*time.Millisecond) // the first of each take longest
					return name, []error{nil, errors.New("no"), volume.ErrInUse}[i%3]
				}}
			}
			began := time.Now()
			if err := c.run(t.Context(), changes); err != nil {
				t.Fatal(err)
			}
			if took := time.Since(began); took > 4*time.Second || most.Load() != parallelism {
				t.Errorf("took %v, at most %d at a time; want 3 s and %d", took, most.Load(), parallelism)
			}
			if c.env.code != exitInUse {
				t.Errorf("code %d, want the largest, %d", c.env.code, exitInUse)
			}
			if out == formatTable {
				if got, want := strings.Fields(stdout.String()), []string{"v00", "v03", "v06", "v09"}; strings.Join(got, " ") != strings.Join(want, " ") {
					t.Errorf("told %v, want %v", got, want)
				}
				return
			}
			var doc changesDoc
			if err := json.Unmarshal(stdout.Bytes(), &doc); err != nil || len(doc.Changes) != n {
				t.Fatalf("%v: %s", err, &stdout)
			}
			for i, d := range doc.Changes {
				if want := fmt.Sprintf("v%02d", i); d.Path != want || d.Outcome != []string{"done", "failed", "in-use"}[i%3] {
					t.Errorf("entry %d is %+v, want %s", i, d, want)
				}
			}
		})
	}
}

// Changes with the same title wait for each other.
func TestSameChangeTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var stdout bytes.Buffer
		c := testChanger(&stdout, &stdout, formatTable)
		under := false
		made := 0
		same := change{title: "delete v", make: func(context.Context, cluster, *changeDoc, []mds.CallOption) (string, error) {
			if under {
				t.Error("two at once")
			}
			under = true
			time.Sleep(time.Second)
			under = false
			made++
			return fmt.Sprint(made), nil
		}}
		if err := c.run(t.Context(), []change{same, same, same}); err != nil || stdout.String() != "1\n2\n3\n" {
			t.Errorf("%v, told %q", err, &stdout)
		}
	})
}
