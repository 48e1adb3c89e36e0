package cli

import (
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zbsclient/zbsclient/zbs"
)

func TestProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out strings.Builder
		var width atomic.Int64
		width.Store(80)
		p := &progress{w: &out, width: func() int { return int(width.Load()) }}
		p.during("quick")()
		if out.Len() > 0 {
			t.Errorf("what takes no time was shown: %q", out.String())
		}

		stop := p.during("copy zbs://p/a@s to zbs://p/b")
		time.Sleep(1500 * time.Millisecond)
		p.Attempt(t.Context(), zbs.EndpointCopy, zbs.Addr{Host: "mds-a", Port: 7763})
		time.Sleep(time.Second)
		width.Store(20)
		time.Sleep(88 * time.Second)
		stop()
		lines := strings.Split(out.String(), "\r")[1:] // each begins with one
		for i, want := range map[int]string{
			0:              "1s, copy zbs://p/a@s to zbs://p/b\x1b[K",
			1:              "2s, copy at mds-a:7763: copy zbs://p/a@s to zbs://p/b\x1b[K",
			2:              "3s, copy at mds-a\x1b[K",
			89:             "1m30s, copy at md\x1b[K",
			len(lines) - 1: "\x1b[K",
		} {
			if lines[i] != want {
				t.Errorf("line %d is %q, want %q", i, lines[i], want)
			}
		}
		if len(lines) != 91 {
			t.Errorf("%d lines in 90.5 s, want one each second and the one that clears", len(lines))
		}

		out.Reset()
		width.Store(80)
		stop = p.during("next")
		time.Sleep(time.Second)
		stop()
		if want := "\r1s, next\x1b[K\r\x1b[K"; out.String() != want {
			t.Errorf("%q, want %q: the MDS of the change before is not shown", out.String(), want)
		}
	})
	(*progress)(nil).during("nobody watches")()
}
