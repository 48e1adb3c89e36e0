package mds

import (
	"sync"
	"time"
)

// Defaults of the retry budget.
const (
	// DefaultRetryBudget is how many extra attempts a Caller may make at MDS that
	// failed just before, without a success in between: enough to ask all of a
	// cluster a few times over.
	DefaultRetryBudget = 32
	// DefaultRetryShare is how much of an extra attempt a success earns: one in
	// ten. What is the usual share of retry budgets in RPC libraries (gRPC's
	// retry throttling, Finagle's RetryBudget).
	DefaultRetryShare = 0.1

	// budgetTrickle earns an extra attempt in ten seconds also without a
	// success, so that who calls now and then is not left with one MDS.
	budgetTrickle = 0.1
)

// budget bounds the extra attempts of a Caller: those that follow a request
// which may have reached an agent and was not answered. Without one a total outage would multiply
// the load on whatever is still alive. It is safe for concurrent use.
type budget struct {
	most, share float64

	mu     sync.Mutex // guards what follows
	tokens float64
	at     time.Time // when the trickle was last counted
}

func newBudget(most, share float64) *budget {
	return &budget{most: most, share: share, tokens: most, at: time.Now()}
}

// withdraw takes an extra attempt, and reports whether one was left.
func (b *budget) withdraw() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.trickleLocked()
	if b.tokens < 1 {
		return false
	}
	b.tokens--
	return true
}

// deposit adds what a success earns.
func (b *budget) deposit() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.tokens < b.most {
		b.tokens = min(b.tokens+b.share, b.most)
	}
}

// putBack returns an extra attempt that was not made after all.
func (b *budget) putBack() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.tokens = min(b.tokens+1, b.most)
}

func (b *budget) left() float64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.trickleLocked()
	return b.tokens
}

func (b *budget) trickleLocked() {
	now := time.Now()
	b.tokens = min(b.tokens+budgetTrickle*now.Sub(b.at).Seconds(), b.most)
	b.at = now
}
