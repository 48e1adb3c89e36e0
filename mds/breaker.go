package mds

import (
	"time"

	"github.com/zbsclient/zbsclient/mds/internal/breaker"
	"github.com/zbsclient/zbsclient/zbs"
)

// Breaker is the state of an MDS's circuit breaker. It puts the MDS in order, and never
// forbids a request.
type Breaker string

const (
	BreakerClosed   Breaker = "closed"    // asked in its turn, behind those whose last attempt did not fail
	BreakerHalfOpen Breaker = "half-open" // asked behind those that are closed; health checks find out whether it is back
	BreakerOpen     Breaker = "open"      // asked last
)

// BreakerEvent is a change of the state of an MDS's circuit breaker.
type BreakerEvent struct {
	Addr     zbs.Addr
	From, To Breaker
	At       time.Time
}

// health is what an attempt tells of its MDS.
type health uint8

const (
	neutral   health = iota // nothing
	healthy                 // it answered, if only to refuse
	unhealthy               // it failed, or was slow
)

func nameOf(s breaker.State) Breaker {
	switch s {
	case breaker.Closed:
		return BreakerClosed
	case breaker.HalfOpen:
		return BreakerHalfOpen
	default:
		return BreakerOpen
	}
}
