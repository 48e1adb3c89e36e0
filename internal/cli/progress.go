package cli

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/zbsclient/zbsclient/internal/cli/internal/term"
	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/zbs"
)

// progress shows what zbsctl waits for: one line that it rewrites every second, and
// erases at the end. A nil progress shows nothing.
type progress struct {
	w     io.Writer
	width func() int // columns of the terminal

	mu  sync.Mutex // guards now
	now string     // the last attempt
}

// newProgress returns nil when stderr is no terminal that can rewrite a line.
func newProgress(env *environment) *progress {
	fd, ok := term.FD(env.stderr)
	if !ok || env.getenv("TERM") == "dumb" {
		return nil
	}
	return &progress{w: env.stderr, width: func() int { return term.Width(fd) }}
}

// Call makes progress an mds.Hook. It shows attempts only.
func (p *progress) Call(ctx context.Context, _ zbs.Endpoint) (context.Context, func(mds.Trace, error)) {
	return ctx, nil
}

// Attempt notes the attempt, for the next second's line.
func (p *progress) Attempt(ctx context.Context, e zbs.Endpoint, addr zbs.Addr) (context.Context, func(mds.Attempt)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.now = fmt.Sprintf("%s at %s: ", e.Name, addr)
	return ctx, nil
}

// during shows what is in progress until stop is called.
func (p *progress) during(what string) (stop func()) {
	if p == nil {
		return func() {}
	}
	p.mu.Lock()
	p.now = ""
	p.mu.Unlock()
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() { p.run(what, done) })
	return func() {
		close(done)
		wg.Wait()
	}
}

func (p *progress) run(what string, done <-chan struct{}) {
	began := time.Now()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for shown := false; ; shown = true {
		select {
		case <-tick.C:
			io.WriteString(p.w, "\r"+p.line(what, time.Since(began))+clearToEnd)
		case <-done:
			if shown {
				io.WriteString(p.w, "\r"+clearToEnd)
			}
			return
		}
	}
}

// clearToEnd erases the rest of a longer line.
const clearToEnd = "\x1b[K"

// line returns a line that fits the terminal, with room for the ^C of an interrupt: a
// line that wraps cannot be rewritten. What changes comes first, so that a cut line
// still shows it.
func (p *progress) line(what string, elapsed time.Duration) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	line := []rune(fmt.Sprintf("%v, %s%s", elapsed.Round(time.Second), p.now, what))
	return string(line[:min(len(line), max(p.width()-3, 0))])
}
