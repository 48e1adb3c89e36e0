package guard

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/zbsclient/zbsclient/volume/guard/proof"
	"github.com/zbsclient/zbsclient/zbs"
)

// Witness answers for hosts that no MDS shows: it asks a manager's agent on the host, or
// libvirt there, or reads what the host writes. A Guard asks it about a host at most once
// in a round, about several hosts at the same time, and gives it a span (Timing.Span) to
// answer. It must be safe for concurrent use, and return when ctx ends.
//
// A Guard believes it as it would believe the host. So it must ask the host, or what
// watches the host, after Ask was called. An error, a late answer, and an answer about an
// earlier time prove nothing. A volume that it names as open is in use by a foreign
// host.
type Witness interface {
	Ask(ctx context.Context, host Host, volumes []zbs.Path) (Testimony, error)
}

// Testimony is what a Witness says about a host. The zero Testimony proves nothing,
// because it has no time.
type Testimony struct {
	// Open are the volumes that the host has open in any way: by a machine, by vhost,
	// by a copy that runs.
	Open []zbs.Path
	// At is when this was true. Take it from time.Now in this process, before you ask
	// the host: the host's own clock may be wrong.
	At time.Time
	// LastAlive is when the host last reached its data, by the clock of this process;
	// zero: not known. It can show that a fenced host runs, or that a host may not have
	// fenced itself.
	LastAlive time.Time
}

// errNoWord: the round ended before the answer.
var errNoWord = errors.New("no answer by the end of the round")

// hostsAtOnce bounds how many hosts a round asks about at the same time.
const hostsAtOnce = 8

// testimonies are the answers about hosts in one round.
type testimonies struct {
	mu      sync.Mutex // guards what follows
	said    []testimony
	pending []string  // hosts without an answer yet
	asked   time.Time // when
}

// testimony is the answer about one host, with the times of its query.
type testimony struct {
	host   string
	asked  time.Time
	ended  time.Time
	answer Testimony
	err    error
}

// ask asks about the hosts, within span, and returns when it has an answer about each or
// the time is over.
func (t *testimonies) ask(ctx context.Context, w Witness, hosts []Host, volumes []zbs.Path, span time.Duration) {
	var wg sync.WaitGroup
	slots := make(chan struct{}, hostsAtOnce)
	ctx, cancel := context.WithTimeout(ctx, span)
	defer cancel()
	t.expect(hosts)
	for _, host := range hosts {
		wg.Go(func() {
			asked := time.Now()
			select {
			case slots <- struct{}{}:
			case <-ctx.Done():
				t.add(testimony{host: host.Name, asked: asked, ended: time.Now(), err: ctx.Err()})
				return
			}
			answered := askAbout(ctx, w, host, volumes)
			<-slots
			t.add(answered)
		})
	}
	wg.Wait()
}

// askAbout asks about one host. It does not wait for a w that ignores its context.
func askAbout(ctx context.Context, w Witness, host Host, volumes []zbs.Path) testimony {
	answers := make(chan testimony, 1)
	asked := time.Now()
	go func() {
		answer, err := w.Ask(ctx, host, volumes)
		answers <- testimony{host.Name, asked, time.Now(), answer, err}
	}()
	select {
	case answer := <-answers:
		return answer
	case <-ctx.Done():
		return testimony{host: host.Name, asked: asked, ended: time.Now(), err: ctx.Err()}
	}
}

func (t *testimonies) expect(hosts []Host) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.asked = time.Now()
	for _, host := range hosts {
		t.pending = append(t.pending, host.Name)
	}
}

func (t *testimonies) add(answer testimony) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.said = append(t.said, answer)
	t.pending = slices.DeleteFunc(t.pending, func(name string) bool { return name == answer.host })
}

// about returns the answers about one volume by now, in a round that began at began.
func (t *testimonies) about(volume zbs.Path, began, now time.Time) (statements []proof.Statement) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, a := range t.said {
		statements = append(statements, a.about(volume, began))
	}
	for _, name := range t.pending {
		a := testimony{host: name, asked: t.asked, ended: now, err: errNoWord}
		statements = append(statements, a.about(volume, began))
	}
	return statements
}

func (a testimony) about(volume zbs.Path, began time.Time) proof.Statement {
	since := func(at time.Time) proof.Seconds { return proof.Seconds(at.Sub(began)) }
	s := proof.Statement{Host: a.host, Answer: proof.Answer{Asked: since(a.asked), Took: proof.Seconds(a.ended.Sub(a.asked))}}
	if a.err != nil {
		s.Outcome, s.Error = proof.NoAnswer, a.err.Error()
		return s
	}
	s.Outcome, s.At = proof.Answered, -1
	if !a.answer.At.IsZero() {
		s.At = since(a.answer.At)
	}
	if !a.answer.LastAlive.IsZero() {
		alive := since(a.answer.LastAlive)
		s.LastAlive = &alive
	}
	for _, open := range a.answer.Open {
		s.Open = s.Open || open == volume
	}
	return s
}
