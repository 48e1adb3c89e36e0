package mds

import (
	"context"
	"fmt"
	"time"

	"github.com/zbsclient/zbsclient/zbs"
)

// watch pings one MDS until the Session is closed. Each MDS has a loop of its own, so a
// hung MDS delays no other ping.
func (s *Session) watch(m *member) {
	pause := reconnectLeast
	for {
		wait := s.cfg.interval
		if s.state(m) == Connected {
			pause = reconnectLeast
		} else if s.allDown() {
			wait, pause = pause, min(pause*reconnectFactor, s.cfg.interval)
		}
		if !s.rest(m, jittered(wait)) {
			return
		}
		if s.state(m) != Connected || s.allDown() || !s.cycle(m) {
			s.reconnect(m)
		}
	}
}

// cycle pings up to three times, and reports whether the MDS stays connected.
func (s *Session) cycle(m *member) bool {
	var err error
	for i := range pingTries {
		if i > 0 && !s.pause(pingTryPause) {
			return true
		}
		start := time.Now()
		var reply zbs.PingReply
		reply, err = Call(s.ctx, s.caller, zbs.Ping{Cluster: s.Cluster()}, Target(m.server.addr), Timeout(s.cfg.timeout))
		if err == nil {
			s.pinged(m, reply, time.Since(start))
			s.recognise(m)
			return true
		}
	}
	return s.ctx.Err() != nil || s.missed(m, err)
}

// pinged notes a ping that was answered. An agent that reports another version than
// before was restarted, and may have been upgraded.
func (s *Session) pinged(m *member, reply zbs.PingReply, took time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m.failed = 0
	if !m.status.Seen.IsZero() && m.status.Agent.AgentVersion != reply.AgentVersion {
		m.server.agent.Forget()
	}
	m.status.answered(reply, took)
}

// recognise finds out the generation of the agent, unless it is known.
func (s *Session) recognise(m *member) {
	can, err := Recognise(s.ctx, s.caller, m.server.addr, Timeout(s.cfg.timeout))
	if err != nil {
		return // the next ping says what is wrong
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	m.status.Can = can
}

// missed notes a cycle without an answer, and reports whether the MDS stays connected:
// not after three of them, and not when all are down.
func (s *Session) missed(m *member, err error) bool {
	s.mu.Lock()
	m.failed++
	m.status.Err = err
	s.mu.Unlock()
	if s.allDown() {
		s.wakeOthers(m)
		return false
	}
	return m.failed < pingCycles
}

// wakeOthers ends the pause of every other loop: no MDS is left to wait for.
func (s *Session) wakeOthers(m *member) {
	for _, other := range s.members {
		if other == m {
			continue
		}
		select {
		case other.wake <- struct{}{}:
		default:
		}
	}
}

// reconnect starts over with the MDS, as Connect does. It syncs no metadata.
func (s *Session) reconnect(m *member) {
	if s.state(m) == Connected {
		s.change(m, Connecting, nil)
	}
	m.server.agent.Forget()
	ctx, cancel := context.WithTimeout(s.ctx, pingTries*s.cfg.timeout)
	defer cancel()
	h := Health{Addr: m.server.addr}
	h.Err = h.probe(ctx, s.caller)
	if s.ctx.Err() == nil {
		s.learn(m, h)
	}
}

// learn takes the result of a probe.
func (s *Session) learn(m *member, h Health) {
	s.mu.Lock()
	if h.Cluster.UUID != "" && s.cluster.UUID == "" {
		s.cluster = h.Cluster
	}
	if h.Cluster.UUID != "" && h.Cluster.UUID != s.cluster.UUID {
		h.Err = fmt.Errorf("%w: %s says %s, the session's is %s", ErrWrongCluster, h.Addr, h.Cluster.UUID, s.cluster.UUID)
	}
	m.failed = 0
	m.status.Cluster, m.status.Can = h.Cluster, h.Can
	if h.Err == nil {
		m.status.answered(h.Agent, h.Latency)
	}
	s.mu.Unlock()
	if h.Err == nil {
		s.change(m, Connected, nil)
	} else {
		s.change(m, Disconnected, h.Err)
	}
}

// change sets the state, puts a disconnected MDS last, and notifies the observer.
func (s *Session) change(m *member, to State, err error) {
	m.server.disconnected.Store(to != Connected)
	now := time.Now()
	s.mu.Lock()
	from := m.status.State
	m.status.State, m.status.Err = to, err
	if from != to {
		m.status.Since = now
		s.events.Push(Event{Addr: m.status.Addr, From: from, To: to, Err: err, At: now})
	}
	s.mu.Unlock()
}

func (s *Session) state(m *member) State {
	s.mu.Lock()
	defer s.mu.Unlock()
	return m.status.State
}

// allDown reports whether no MDS answered its last ping.
func (s *Session) allDown() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range s.members {
		if m.status.State == Connected && m.failed == 0 {
			return false
		}
	}
	return true
}

// rest waits between cycles, or until it is woken. It reports false when the Session is
// closed.
func (s *Session) rest(m *member, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-m.wake:
	case <-s.ctx.Done():
	}
	return s.ctx.Err() == nil
}

// pause waits between the pings of a cycle.
func (s *Session) pause(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-s.ctx.Done():
	}
	return s.ctx.Err() == nil
}
