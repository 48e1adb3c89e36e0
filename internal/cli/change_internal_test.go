package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/volume"
)

// Changes are made some at a time, and told in the order of the command line.
func TestChangesInParallel(t *testing.T) {
	const n = 3 * askedAtOnce
	for _, out := range []format{formatTable, formatJSON} {
		synctest.Test(t, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			a := &app{stdout: &stdout, stderr: &stderr, mdsList: []string{"mds-a"}, getenv: func(string) string { return "" }}
			c := &changing{app: a, out: &out}
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
			if took := time.Since(began); took > 4*time.Second || most.Load() != askedAtOnce {
				t.Errorf("took %v, at most %d at a time; want 3 s and %d", took, most.Load(), askedAtOnce)
			}
			if a.code != exitInUse {
				t.Errorf("code %d, want the largest, %d", a.code, exitInUse)
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

// A volume that is named twice is deleted once, and then found missing.
func TestSameChangeTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var stdout bytes.Buffer
		out := formatTable
		c := &changing{app: &app{stdout: &stdout, stderr: &stdout, mdsList: []string{"mds-a"}, getenv: func(string) string { return "" }}, out: &out}
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
