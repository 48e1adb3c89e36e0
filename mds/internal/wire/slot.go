package wire

import (
	"context"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-retryablehttp"
	"golang.org/x/sync/semaphore"
)

// idleTimeout closes our idle connections before the agent closes them, which it
// does after 15 s: a request must not meet a connection that is going away.
const idleTimeout = 10 * time.Second

// Slots are the connections that an MDS gets. The embedded semaphore counts them: a
// request waits for a place, takes a slot, and gives back first the slot and then the
// place. Slots are safe for concurrent use; NewSlots makes them.
type Slots struct {
	*semaphore.Weighted

	all  []*Slot
	open atomic.Int32 // connections
	mu   sync.Mutex   // guards idle
	idle []*Slot      // the one used last is at the end, so that few are warm
}

// NewSlots returns n slots without a connection.
func NewSlots(n int, cfg *Config) *Slots {
	s := &Slots{Weighted: semaphore.NewWeighted(int64(n))}
	for range n {
		s.all = append(s.all, newSlot(cfg, &s.open))
	}
	s.idle = append(s.idle, s.all...)
	return s
}

// Take returns a slot for a request that has a place.
func (s *Slots) Take() *Slot {
	s.mu.Lock()
	defer s.mu.Unlock()
	last := len(s.idle) - 1
	slot := s.idle[last]
	s.idle = s.idle[:last]
	return slot
}

// Put gives the slot back, and leaves its connection open for the next request.
func (s *Slots) Put(slot *Slot) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.idle = append(s.idle, slot)
}

// Alive reports whether a connection is open, or whether that is not known because the
// transport is the user's. A process that ends takes its connections with it.
func (s *Slots) Alive() bool { return s.open.Load() > 0 || s.all[0].transport == nil }

// CloseIdle closes the connections that no request uses.
func (s *Slots) CloseIdle() {
	for _, slot := range s.all {
		if slot.transport != nil {
			slot.transport.CloseIdleConnections()
		}
	}
}

// Slot is one of the few connections that an MDS gets. One request holds it at a
// time, and it has an http.Transport of its own. A transport shared by several
// requests dials ahead: when another request's connection becomes free first, the new
// one stays behind without having sent anything, and holds a thread of the agent for
// 15 s. It also keeps go-retryablehttp, which closes all idle connections of its
// client when it gives up, away from the other slots.
type Slot struct {
	cfg       *Config
	open      *atomic.Int32 // connections of all slots
	client    *retryablehttp.Client
	transport *http.Transport      // nil with a transport of the user's
	last      atomic.Pointer[conn] // the connection opened last
	// gated is the round trip that began last, if its request has an Allowed. It stays
	// when the round trip is over, for net/http may write a little longer.
	gated atomic.Pointer[roundTrip]
}

func newSlot(cfg *Config, open *atomic.Int32) *Slot {
	s := &Slot{cfg: cfg, open: open}
	rt := http.RoundTripper(gate{cfg.Transport})
	if cfg.Transport == nil {
		s.transport = &http.Transport{
			DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
				return s.connect(ctx, network, addr, false)
			},
			DialTLSContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
				return s.connect(ctx, network, addr, true)
			},
			MaxConnsPerHost:     1,
			MaxIdleConnsPerHost: 1,
			IdleConnTimeout:     idleTimeout,
			DisableCompression:  true,
		}
		rt = s.transport
	}
	s.client = &retryablehttp.Client{
		HTTPClient: &http.Client{
			Transport:     rt,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		RetryWaitMin: 100 * time.Millisecond,
		RetryWaitMax: 2 * time.Second,
		RetryMax:     1 + cfg.Retries,
		CheckRetry:   repeats,
		PrepareRetry: rewind,
		Backoff:      backoff,
		ErrorHandler: retryablehttp.PassthroughErrorHandler,
	}
	return s
}
