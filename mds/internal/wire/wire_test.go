package wire_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zbsclient/zbsclient/mds/internal/wire"
)

// peer is the other end of the connections that its dial opens.
type peer struct {
	mu    sync.Mutex // guards what follows
	dials int
	got   []string // bodies

	// serve handles one connection; number counts from 1.
	serve func(number int, c net.Conn)
}

func (p *peer) dial(context.Context, string, string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	p.mu.Lock()
	p.dials++
	number := p.dials
	p.mu.Unlock()
	go func() {
		defer theirs.Close()
		p.serve(number, theirs)
	}()
	return ours, nil
}

// read reads a request.
func (p *peer) read(r *bufio.Reader) bool {
	req, err := http.ReadRequest(r)
	if err != nil {
		return false
	}
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.got = append(p.got, string(body))
	return true
}

// answer answers every request on a connection, at most n.
func (p *peer) answer(c net.Conn, n int) {
	for r := bufio.NewReader(c); n > 0 && p.read(r); n-- {
		io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
	}
}

// swallow reads a request and ends the connection without an answer.
func (p *peer) swallow(c net.Conn) { p.read(bufio.NewReader(c)) }

// watcher keeps what it is told.
type watcher []bool

func (w *watcher) Connected(yes bool) { *w = append(*w, yes) }

func request(t *testing.T, url string) wire.Request {
	t.Helper()
	template, err := http.NewRequest(http.MethodPost, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	return wire.Request{Template: template, Body: []byte("hello"), Repeatable: true, AnyServer: true}
}

// do sends the request over one slot, which is given back.
func do(ctx context.Context, s *wire.Slots, r wire.Request) wire.Response {
	s.Acquire(ctx, 1)
	defer s.Release(1)
	slot := s.Take()
	defer s.Put(slot)
	return slot.Do(ctx, r)
}

func config(p *peer) *wire.Config {
	return &wire.Config{Dial: p.dial, ConnectTimeout: time.Second, Token: func() bool { return true }}
}

// Two requests share a connection, which is closed after ten idle seconds.
func TestConnectionIsReused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &peer{}
		p.serve = func(_ int, c net.Conn) { p.answer(c, 9) }
		slots := wire.NewSlots(3, config(p))
		defer slots.CloseIdle()
		var told watcher
		for i := range 3 {
			if i == 2 {
				time.Sleep(11 * time.Second)
			}
			r := request(t, "http://mds-a")
			r.Watcher = &told
			if got := do(t.Context(), slots, r); got.Err != nil || got.Status != 200 || !got.Sent || string(got.Body) != "{}" {
				t.Errorf("response %+v", got)
			}
		}
		if p.dials != 2 || len(p.got) != 3 {
			t.Errorf("%d connections for %d requests, want 2 for 3", p.dials, len(p.got))
		}
		if want := []bool{false, false, true, true, true, false, true}; !slices.Equal(told, want) {
			t.Errorf("the watcher was told %v, want %v", told, want)
		}
	})
}

// A reused connection that the peer closed is repeated once, at once, and only where
// that is allowed.
func TestDeadConnectionIsRepeatedOnce(t *testing.T) {
	for _, repeatable := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			p := &peer{}
			p.serve = func(number int, c net.Conn) {
				p.answer(c, 1)
				p.swallow(c)
			}
			slots := wire.NewSlots(1, config(p))
			defer slots.CloseIdle()
			do(t.Context(), slots, request(t, "http://mds-a"))
			r := request(t, "http://mds-a")
			r.Repeatable = repeatable
			start := time.Now()
			got := do(t.Context(), slots, r)
			want := 2
			if repeatable {
				want = 3
			}
			if (got.Err == nil) != repeatable || !got.Sent || len(p.got) != want || time.Since(start) != 0 {
				t.Errorf("repeatable %t: %+v after %v, %d requests", repeatable, got, time.Since(start), len(p.got))
			}
		})
	}
}

// When no connection is left, the server may be another one: a request that is not for
// any server is not repeated then, and the response says why.
func TestNotRepeatedAtAnotherServer(t *testing.T) {
	for _, other := range []bool{false, true} { // another connection is open
		synctest.Test(t, func(t *testing.T) {
			p := &peer{}
			p.serve = func(number int, c net.Conn) {
				p.answer(c, 1)
				if other && number == 1 {
					p.answer(c, 1)
				}
				p.swallow(c)
			}
			cfg := config(p)
			cfg.Retries, cfg.Token = 3, func() bool { return true }
			slots := wire.NewSlots(2, cfg)
			defer slots.CloseIdle()
			first := slots.Take()
			first.Do(t.Context(), request(t, "http://mds-a"))
			if other {
				second := slots.Take()
				second.Do(t.Context(), request(t, "http://mds-a"))
			}
			r := request(t, "http://mds-a")
			r.AnyServer = false
			got := first.Do(t.Context(), r)
			if got.Dead != !other || (got.Err == nil) != other {
				t.Errorf("another connection %t: %+v", other, got)
			}
		})
	}
}

// Repetitions after another fault take a retry token each.
func TestRetriesTakeTokens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &peer{}
		p.serve = func(_ int, c net.Conn) { p.swallow(c) }
		cfg := config(p)
		cfg.Retries = 5
		tokens := 2
		cfg.Token = func() bool { tokens--; return tokens >= 0 }
		got := do(t.Context(), wire.NewSlots(1, cfg), request(t, "http://mds-a"))
		if !errors.Is(got.Err, io.EOF) || got.Phase != wire.Wait || !got.Sent || got.Status != 0 {
			t.Errorf("response %+v", got)
		}
		if want := []string{"hello", "hello", "hello"}; !slices.Equal(p.got, want) {
			t.Errorf("the peer got %q, want %q", p.got, want)
		}
	})
}

func TestPhases(t *testing.T) {
	var p *peer
	for _, row := range []struct {
		name  string
		url   string
		dial  func(context.Context, string, string) (net.Conn, error)
		serve func(int, net.Conn)
		phase wire.Phase
		sent  bool
		text  string // in the error
	}{
		{name: "no connection", phase: wire.Dial, text: "refused",
			dial: func(context.Context, string, string) (net.Conn, error) {
				return nil, &net.OpError{Op: "dial", Err: errors.New("refused")}
			}},
		{name: "no connection in time", phase: wire.Dial, text: "not connected within 1s",
			dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
				<-ctx.Done()
				return nil, ctx.Err()
			}},
		{name: "no secure connection", url: "https://mds-a", phase: wire.TLS, serve: func(int, net.Conn) {}},
		{name: "no secure connection in time", url: "https://mds-a", phase: wire.TLS, text: "not connected within 1s",
			serve: func(_ int, c net.Conn) { io.Copy(io.Discard, c) }},
		{name: "closed before a byte", phase: wire.Write, serve: func(int, net.Conn) {}},
		{name: "no response", phase: wire.Wait, sent: true, text: "EOF", serve: func(_ int, c net.Conn) { p.swallow(c) }},
		{name: "hung", phase: wire.Wait, sent: true, text: "deadline", serve: func(_ int, c net.Conn) {
			p.swallow(c)
			io.Copy(io.Discard, c)
		}},
		{name: "broken off", phase: wire.Body, sent: true, text: "unexpected EOF", serve: func(_ int, c net.Conn) {
			p.swallow(c)
			io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}")
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p = &peer{serve: row.serve}
				cfg := config(p)
				if row.dial != nil {
					cfg.Dial = row.dial
				}
				if row.url == "" {
					row.url = "http://mds-a"
				}
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				r := request(t, row.url)
				r.Repeatable = false
				got := do(ctx, wire.NewSlots(1, cfg), r)
				if got.Phase != row.phase || got.Sent != row.sent || got.Err == nil || !strings.Contains(got.Err.Error(), row.text) {
					t.Errorf("%+v, want phase %s, sent %t, an error with %q", got, row.phase, row.sent, row.text)
				}
				if timeout, ok := errors.AsType[*wire.TimeoutError](got.Err); ok {
					if !errors.Is(timeout, os.ErrDeadlineExceeded) || errors.Is(timeout, context.DeadlineExceeded) || !timeout.Timeout() {
						t.Errorf("%v does not match what a time-out of ours does", timeout)
					}
				}
			})
		})
	}
}

// Allowed is asked before the first byte, and again for a repetition. What it refuses
// is not written.
func TestAllowed(t *testing.T) {
	no := errors.New("no")
	for yes, want := range map[int]wire.Response{0: {}, 1: {Sent: true}} {
		synctest.Test(t, func(t *testing.T) {
			p := &peer{}
			p.serve = func(_ int, c net.Conn) { p.swallow(c) }
			cfg := config(p)
			cfg.Retries = 3
			r := request(t, "http://mds-a")
			asked := 0
			r.Allowed = func() error {
				if asked++; asked > yes {
					return no
				}
				return nil
			}
			got := do(t.Context(), wire.NewSlots(1, cfg), r)
			if got.Err != no || got.Phase != wire.Withheld || got.Sent != want.Sent {
				t.Errorf("%d allowed: %+v", yes, got)
			}
			if synctest.Wait(); len(p.got) != yes || asked != yes+1 {
				t.Errorf("%d allowed: the peer got %q, and Allowed was asked %d times", yes, p.got, asked)
			}
		})
	}
}

// A dial that brings its connection after the end of the request closes it.
func TestLateConnectionIsClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		closed := make(chan error, 1)
		cfg := config(&peer{})
		cfg.Dial = func(context.Context, string, string) (net.Conn, error) {
			time.Sleep(time.Minute) // whatever its context says
			ours, theirs := net.Pipe()
			go func() {
				_, err := theirs.Read(make([]byte, 1))
				closed <- err
			}()
			return ours, nil
		}
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		if got := do(ctx, wire.NewSlots(1, cfg), request(t, "http://mds-a")); got.Phase != wire.Dial || got.Sent {
			t.Errorf("response %+v", got)
		}
		if err := <-closed; err != io.EOF {
			t.Errorf("the late connection was used or left open: %v", err)
		}
	})
}

// roundTripper is a transport of the user's.
type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// With a transport of the user's a failed dial alone says that nothing was sent.
func TestTransportOfTheUser(t *testing.T) {
	for _, row := range []struct {
		err   error
		phase wire.Phase
		sent  bool
	}{
		{&net.OpError{Op: "dial", Err: errors.New("refused")}, wire.Dial, false},
		{io.ErrUnexpectedEOF, wire.Wait, true},
	} {
		cfg := &wire.Config{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			r.Body.Close()
			return nil, fmt.Errorf("transport: %w", row.err)
		})}
		r := request(t, "http://mds-a")
		var told watcher
		r.Repeatable, r.Watcher = false, &told
		got := do(t.Context(), wire.NewSlots(1, cfg), r)
		if got.Phase != row.phase || got.Sent != row.sent || !errors.Is(got.Err, row.err) || !slices.Equal(told, []bool{true}) {
			t.Errorf("%v: %+v, watcher %v", row.err, got, told)
		}
		r.Allowed = func() error { return os.ErrPermission }
		if got := do(t.Context(), wire.NewSlots(1, cfg), r); got.Phase != wire.Withheld || got.Sent || got.Err != os.ErrPermission {
			t.Errorf("not allowed: %+v", got)
		}
	}
}

// The certificate is checked against the host of the URL.
func TestServerName(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		names := make(chan string, 1)
		p := &peer{serve: func(_ int, c net.Conn) {
			tls.Server(c, &tls.Config{GetConfigForClient: func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
				names <- hello.ServerName
				return nil, io.EOF
			}}).Handshake()
		}}
		got := do(t.Context(), wire.NewSlots(1, config(p)), request(t, "https://mds-a:7000"))
		if name := <-names; name != "mds-a" || got.Phase != wire.TLS {
			t.Errorf("server name %q, response %+v", name, got)
		}
	})
}
