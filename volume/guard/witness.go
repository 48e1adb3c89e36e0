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

// Witness answers for hosts that no MDS shows: a manager's own agent on the host,
// libvirt there, or a reader of what the host writes. It is asked about a host at
// most once in a round, about several hosts at the same time, and given a span
// (Timing.Span) to answer. It must be safe for concurrent use and heed ctx.
//
// Its word counts for as much as the host's own: a Witness must have asked the
// host, or what watches it, after Ask was called. An error, a late answer and one
// about an earlier time vouch for nothing. A volume that it names as open is open
// on a foreign host.
type Witness interface {
	Ask(ctx context.Context, host Host, volumes []zbs.Path) (Testimony, error)
}

// Testimony is what a Witness says of a host. The zero Testimony vouches for
// nothing, because it does not say of when it is.
type Testimony struct {
	// Open are those of the volumes that the host has open, in any way: by a
	// machine, by vhost, by a copy that runs.
	Open []zbs.Path
	// At is when this was true. Take it from time.Now in this process, before the
	// host is asked: the host's own clock may be wrong.
	At time.Time
	// LastAlive is when the host last reached its data, by the clock of this
	// process; zero: not known. It shows that a host which was said to be fenced
	// runs, and that one which should have fenced itself may not have.
	LastAlive time.Time
}

// errNoWord is of a Witness that is still busy when its round is over.
var errNoWord = errors.New("no answer by the end of the round")

// witnessesAtOnce bounds how many hosts a round asks for at the same time.
const witnessesAtOnce = 8

// testimonies is what the Witness said in one round.
type testimonies struct {
	mu      sync.Mutex // guards what follows
	said    []testimony
	pending []string  // hosts that were asked about, and not answered for yet
	asked   time.Time // when
}

// testimony is the answer about one host, with how it was asked.
type testimony struct {
	host   string
	asked  time.Time
	ended  time.Time
	answer Testimony
	err    error
}

// ask asks about the hosts, each within the deadline, and returns when all have
// answered or run out of time.
func (t *testimonies) ask(ctx context.Context, w Witness, hosts []Host, volumes []zbs.Path, span time.Duration) {
	var wg sync.WaitGroup
	slots := make(chan struct{}, witnessesAtOnce)
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
			answered := askWitness(ctx, w, host, volumes)
			<-slots
			t.add(answered)
		})
	}
	wg.Wait()
}

// askWitness asks about one host. A Witness that does not heed its context is
// left behind.
func askWitness(ctx context.Context, w Witness, host Host, volumes []zbs.Path) testimony {
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

// about returns what was said with regard to one volume by now, in a round that
// began then.
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
