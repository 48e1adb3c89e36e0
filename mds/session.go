package mds

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/zbsclient/zbsclient/mds/internal/notify"
	"github.com/zbsclient/zbsclient/zbs"
)

// Defaults of a Session. The numbers of pings and cycles are those of ZStack's own
// client, which gives a ping 60 s and so takes minutes to notice a hung MDS.
const (
	DefaultPingInterval = 30 * time.Second // between cycles, jittered by a tenth
	DefaultPingTimeout  = 10 * time.Second // of each ping

	pingTries       = 3           // of a cycle
	pingTryPause    = time.Second // between them
	pingCycles      = 3           // failed ones in a row disconnect
	reconnectLeast  = time.Second // between attempts while all MDS are down
	reconnectFactor = 2           // by which that grows, up to the interval
	jitterShare     = 1.0 / 10    // of the interval, either way
)

// Session watches the MDS of one cluster: it checks that they belong together, pings
// them, and knows which of them serve. Its Caller asks disconnected MDS last, and never
// excludes one.
//
// A Session sends metadata/sync only through SyncMetadata.
//
// A Session is safe for concurrent use. The zero Session is not usable, Connect
// makes one, and Close ends it.
type Session struct {
	caller *Caller
	cfg    sessionConfig
	ctx    context.Context // of the ping loops, not of any call
	cancel context.CancelFunc
	loops  sync.WaitGroup
	events *notify.Queue[Event]

	mu      sync.Mutex // guards what follows
	cluster zbs.Facts
	members []*member // in the order of the list
}

// member is one MDS of the Session, whose mutex guards status and failed.
type member struct {
	server *server
	wake   chan struct{} // takes one
	status Status
	failed int // cycles in a row
}

type sessionConfig struct {
	interval time.Duration
	timeout  time.Duration
	expect   string
	observe  func(Event)
}

// SessionOption sets how a Session behaves. Connect reports bad ones in errors
// that wrap ErrInvalidOption.
type SessionOption func(*sessionConfig) error

// WithPing sets the time between ping cycles (DefaultPingInterval) and the bound
// of each ping (DefaultPingTimeout). Both must be positive.
func WithPing(interval, timeout time.Duration) SessionOption {
	return func(c *sessionConfig) error {
		if interval <= 0 || timeout <= 0 {
			return invalid("ping every %v for %v, both must be positive", interval, timeout)
		}
		c.interval, c.timeout = interval, timeout
		return nil
	}
}

// WithExpectedCluster sets the uuid of the cluster that all MDS must name, in
// place of the one they agree on.
func WithExpectedCluster(uuid string) SessionOption {
	return func(c *sessionConfig) error {
		if uuid == "" {
			return invalid("the expected cluster is empty")
		}
		c.expect = uuid
		return nil
	}
}

// OnEvent calls observe once for every change of an MDS's state, in order and one at a
// time. observe holds no lock, so it may use the Session and close it. A slow observer
// delays the next event and no ping.
func OnEvent(observe func(Event)) SessionOption {
	return func(c *sessionConfig) error {
		c.observe = observe
		return nil
	}
}

// Connect asks every MDS of the caller, all at once, for an echo, its cluster and a
// ping, and watches them from then on. ctx bounds Connect, not the Session. Connect
// changes nothing on the agents.
//
// All MDS that answer must name one cluster, else the error wraps ErrWrongCluster and
// says which MDS named what. Storages older than 1.5.1 name none, which passes for any.
// At least one MDS must serve, else the error wraps ErrAllFailed and the *CallError of
// each, and so ErrAgentTooOld when an agent is too old. Beside others that serve, such
// an MDS is disconnected.
func Connect(ctx context.Context, caller *Caller, opts ...SessionOption) (*Session, error) {
	cfg := sessionConfig{interval: DefaultPingInterval, timeout: DefaultPingTimeout}
	var errs []error
	for _, opt := range opts {
		errs = append(errs, opt(&cfg))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	healths := Probe(ctx, caller)
	facts, answered, err := OneCluster(healths)
	if err != nil {
		return nil, err
	}
	if !answered && !slices.ContainsFunc(healths, serves) {
		return nil, unconnected(healths)
	}
	if cfg.expect != "" && facts.UUID != "" && facts.UUID != cfg.expect {
		return nil, fmt.Errorf("%w: the MDS say %s, want %s", ErrWrongCluster, facts.UUID, cfg.expect)
	}
	if cfg.expect != "" {
		facts.UUID = cfg.expect
	}
	return newSession(caller, cfg, facts, healths), nil
}

func serves(h Health) bool { return h.Err == nil }

// connectError says why each MDS is not connected.
type connectError struct{ errs []error }

func unconnected(healths []Health) error {
	e := &connectError{errs: []error{ErrAllFailed}}
	for _, h := range healths {
		e.errs = append(e.errs, h.Err)
	}
	return e
}

func (e *connectError) Error() string {
	texts := make([]string, len(e.errs)-1)
	for i, err := range e.errs[1:] {
		texts[i] = err.Error()
	}
	return fmt.Sprintf("connect: %v: %s", e.errs[0], strings.Join(texts, "; "))
}

func (e *connectError) Unwrap() []error { return e.errs }

func newSession(caller *Caller, cfg sessionConfig, facts zbs.Facts, healths []Health) *Session {
	s := &Session{caller: caller, cfg: cfg, cluster: facts}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.events = notify.New(s.ctx, cfg.observe)
	now := time.Now()
	for i, srv := range caller.cluster.servers {
		m := &member{server: srv, wake: make(chan struct{}, 1), status: Status{Addr: srv.addr, Since: now}}
		s.members = append(s.members, m)
		s.learn(m, healths[i])
	}
	for _, m := range s.members {
		s.loops.Go(func() { s.watch(m) })
	}
	return s
}

// Close ends the Session and waits until no ping is under way. The Caller stays open and
// asks its MDS in its own order again. A running observer may outlast Close. It may be
// called several times.
func (s *Session) Close() {
	s.cancel()
	s.loops.Wait()
	for _, m := range s.members {
		m.server.disconnected.Store(false)
	}
}

// Cluster returns the facts of the cluster that the MDS named.
func (s *Session) Cluster() zbs.Facts {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.cluster
}

// Status returns a copy of what is known of each MDS, in the order of the list.
func (s *Session) Status() []Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]Status, len(s.members))
	for i, m := range s.members {
		all[i] = m.status
		all[i].Behind = slices.ContainsFunc(s.members, func(other *member) bool { return m.status.Can.OlderThan(other.status.Can) })
	}
	return all
}

// SyncMetadata makes the agent of one MDS read its host's metadata again and sets its
// agentVersion. After a restart, its client lists are empty until then. With version ""
// it sends the version that the agent's last ping reported.
//
// DO NOT call it on a cluster that ZStack manages unless its operator asked for
// it: ZStack compares the version at every ping and redeploys the MDS when it
// differs from its own. Nothing else in this library sends metadata/sync.
//
// The error wraps ErrNoCandidates for an MDS that is not in the list,
// zbs.ErrInvalidName for a bad version or when no ping has reported one (nothing is
// sent), or is a *CallError.
func (s *Session) SyncMetadata(ctx context.Context, addr zbs.Addr, version string) (zbs.Metadata, error) {
	if version == "" {
		version = s.reportedVersion(addr)
	}
	if version == "" {
		return zbs.Metadata{}, fmt.Errorf("sync metadata of %s: %w: no ping has reported a version, name the one that ZStack has", addr, zbs.ErrInvalidName)
	}
	metadata, err := Call(ctx, s.caller, zbs.SyncMetadata{AgentVersion: version}, Target(addr))
	if err != nil {
		return metadata, fmt.Errorf("sync metadata of %s: %w", addr, err)
	}
	return metadata, nil
}

func (s *Session) reportedVersion(addr zbs.Addr) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range s.members {
		if m.status.Addr == addr {
			return m.status.reported
		}
	}
	return ""
}

// jittered spreads the pings of many sessions over time.
func jittered(d time.Duration) time.Duration {
	return d + time.Duration((rand.Float64()*2-1)*jitterShare*float64(d))
}
