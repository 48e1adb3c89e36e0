package mds_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zbsclient/zbsclient/fakemds"
	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/zbs"
)

// diary is a Hook that notes what it is told.
type diary struct {
	name string
	mu   *sync.Mutex // guards seen
	seen *[]string
}

type diaryKey struct{}

func (d diary) note(format string, args ...any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	*d.seen = append(*d.seen, d.name+fmt.Sprintf(format, args...))
}

func (d diary) Call(ctx context.Context, e zbs.Endpoint) (context.Context, func(mds.Trace, error)) {
	d.note(" call %s", e.Name)
	return context.WithValue(ctx, diaryKey{}, d.name), func(t mds.Trace, err error) {
		d.note(" end of call: %d attempts, %v", len(t.Attempts), err)
	}
}

func (d diary) Attempt(ctx context.Context, e zbs.Endpoint, addr zbs.Addr) (context.Context, func(mds.Attempt)) {
	d.note(" asks %s in the context of %v", addr, ctx.Value(diaryKey{}))
	if d.name == "b" {
		return ctx, nil
	}
	return ctx, func(a mds.Attempt) { d.note(" end of %v", a) }
}

func TestHooks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var seen []string
		var mu sync.Mutex
		cluster, c := start(t, 2, mds.WithHook(diary{"a", &mu, &seen}), mds.WithHook(diary{"b", &mu, &seen}))
		cluster.Node(0).Inject(fakemds.Refuse)
		if _, err := mds.Call(t.Context(), c, zbs.GetVolumeClients{Path: cbdPath}); err != nil {
			t.Fatal(err)
		}
		want := []string{
			"a call volume/clients", "b call volume/clients",
			"a asks mds-0.fake:7763 in the context of b", "b asks mds-0.fake:7763 in the context of b",
			"a end of mds-0.fake:7763: dial: connection refused",
			"a asks mds-1.fake:7763 in the context of b", "b asks mds-1.fake:7763 in the context of b",
			"a end of mds-1.fake:7763: answered",
			"b end of call: 2 attempts, <nil>", "a end of call: 2 attempts, <nil>",
		}
		if !slices.Equal(seen, want) {
			t.Errorf("%q, want %q", seen, want)
		}
	})
	if _, err := mds.New([]string{"a"}, mds.WithHook(nil)); !errors.Is(err, mds.ErrInvalidOption) {
		t.Errorf("nil: %v", err)
	}
}

// slowHook takes its time when an attempt has ended.
type slowHook struct{ d time.Duration }

func (h slowHook) Call(ctx context.Context, e zbs.Endpoint) (context.Context, func(mds.Trace, error)) {
	return ctx, nil
}
func (h slowHook) Attempt(ctx context.Context, e zbs.Endpoint, a zbs.Addr) (context.Context, func(mds.Attempt)) {
	return ctx, func(mds.Attempt) { time.Sleep(h.d) }
}

// A slow hook costs time, and no MDS its chance.
func TestSlowHook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, c := start(t, 2, mds.WithAttemptTimeout(2*time.Second), mds.WithHook(slowHook{2 * time.Second}))
		cluster.Node(0).Inject(fakemds.Refuse)
		_, _, err := read(t, c)
		if err != nil {
			t.Errorf("%v; breaker's last error of the healthy one: %v, requests %d", err, c.Stats().MDS[1].LastErr, cluster.Node(1).Asked(""))
		}
	})
}
