package hedge

import (
	"sync"
	"time"
)

// trickle is how many tokens a Budget gains per second without a success: one in
// ten seconds, so that a program that calls now and then can still ask every MDS.
const trickle = 0.1

// Budget is a bucket of retry tokens. Each extra attempt takes one; without a bound
// a total outage would multiply the load on the servers that are left. It is safe
// for concurrent use.
type Budget struct {
	most, share float64

	mu     sync.Mutex // guards tokens and at
	tokens float64
	at     time.Time // when the trickle was last added
}

// NewBudget returns a full bucket of most tokens. A success earns share of a token.
func NewBudget(most, share float64) *Budget {
	return &Budget{most: most, share: share, tokens: most, at: time.Now()}
}

// Take takes a token, and reports false when none is left.
func (b *Budget) Take() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.trickleLocked()
	if b.tokens < 1 {
		return false
	}
	b.tokens--
	return true
}

// Earn adds the share of a token that a success earns.
func (b *Budget) Earn() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.tokens < b.most {
		b.tokens = min(b.tokens+b.share, b.most)
	}
}

// Return gives back a token that was taken for a request that was never sent.
func (b *Budget) Return() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.tokens = min(b.tokens+1, b.most)
}

// Left returns how many tokens are left, fractions included.
func (b *Budget) Left() float64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.trickleLocked()
	return b.tokens
}

func (b *Budget) trickleLocked() {
	now := time.Now()
	b.tokens = min(b.tokens+trickle*now.Sub(b.at).Seconds(), b.most)
	b.at = now
}
