package cli

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"golang.org/x/term"

	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/zbs"
)

// progress shows what is waited for: one line that is rewritten every second and
// gone when the waiting is over. The nil progress shows nothing.
type progress struct {
	w     io.Writer
	width func() int // columns of the terminal

	mu  sync.Mutex // guards now
	now string     // the last attempt
}

// newProgress returns nil where nobody watches, or a log would tear the line.
func (a *app) newProgress() *progress {
	fd, ok := terminal(a.stderr)
	if !ok || a.verbose || a.trace || a.getenv("TERM") == "dumb" {
		return nil
	}
	return &progress{w: a.stderr, width: func() int {
		width, _, err := term.GetSize(fd)
		if err != nil {
			return 80
		}
		return width
	}}
}

// Call makes progress a mds.Hook; it shows attempts.
func (p *progress) Call(ctx context.Context, _ zbs.Endpoint) (context.Context, func(mds.Trace, error)) {
	return ctx, nil
}

// Attempt is told of each attempt at an MDS.
func (p *progress) Attempt(ctx context.Context, e zbs.Endpoint, addr zbs.Addr) (context.Context, func(mds.Attempt)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.now = fmt.Sprintf("%s at %s: ", e.Name, addr)
	return ctx, nil
}

// during shows what is under way until the function it returns is called.
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

// clearToEnd erases what a longer line before left.
const clearToEnd = "\x1b[K"

// line fits the terminal, with room for the ^C of an interrupt: a line that wraps
// could not be rewritten. What changes stands first, so that it is seen.
func (p *progress) line(what string, elapsed time.Duration) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	line := []rune(fmt.Sprintf("%v, %s%s", elapsed.Round(time.Second), p.now, what))
	return string(line[:min(len(line), max(p.width()-3, 0))])
}
