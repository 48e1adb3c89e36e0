package fakemds

import (
	"slices"
	"sync"

	"github.com/zbsclient/zbsclient/fakemds/internal/storage"
)

// taken are the faults that act on one request.
type taken map[kind]Fault

func (t taken) has(k kind) bool { _, ok := t[k]; return ok }

// response returns the response fault, the one that decides the response to the
// request; the zero Fault for none.
func (t taken) response() Fault {
	for k, f := range t {
		if k.isResponse() {
			return f
		}
	}
	return Fault{}
}

// list is what the ledger says of the faults, sorted.
func (t taken) list() []string {
	var texts []string
	for _, f := range t {
		f.left, f.on = 0, ""
		texts = append(texts, f.String())
	}
	slices.Sort(texts)
	return texts
}

// faultSet holds the faults of a node in the order they were injected. Safe for
// concurrent use.
type faultSet struct {
	mu      sync.Mutex // guards the fields below
	list    []Fault
	changed chan struct{} // closed and replaced whenever list changes by hand
	frozen  map[string][]storage.Address
}

func newFaultSet() *faultSet { return &faultSet{changed: make(chan struct{})} }

// add adds faults behind the others. frozen are the lists that StaleList answers from
// now on; nil: those of before.
func (s *faultSet) add(faults []Fault, frozen map[string][]storage.Address) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range faults {
		if f.kind != noFault {
			s.list = append(s.list, f)
		}
	}
	if frozen != nil {
		s.frozen = frozen
	}
	s.changedLocked()
}

// clear removes all faults.
func (s *faultSet) clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = nil
	s.changedLocked()
}

// changedLocked wakes connects that wait in a blackhole.
func (s *faultSet) changedLocked() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// all returns the faults that are still active, in order.
func (s *faultSet) all() []Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Fault(nil), s.list...)
}

// staleLists are the lists of clients as they were when StaleList was injected.
func (s *faultSet) staleLists() map[string][]storage.Address {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.frozen
}

// refuses reports whether every connect is refused.
func (s *faultSet) refuses() bool {
	return slices.ContainsFunc(s.all(), func(f Fault) bool { return f.kind == refuse && f.left == 0 })
}

// take picks what acts on one event and uses it up. wants says which faults the event
// is open to.
func (s *faultSet) take(endpoint string, wants func(Fault) bool) taken {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.takeLocked(endpoint, wants)
}

// takeOnDial picks what acts on a connect. The channel is closed when other faults
// may.
func (s *faultSet) takeOnDial() (taken, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.takeLocked("", func(f Fault) bool { return f.kind.onDial() }), s.changed
}

func (s *faultSet) takeLocked(endpoint string, wants func(Fault) bool) taken {
	got := taken{}
	response := false
	kept := s.list[:0]
	for _, f := range s.list {
		if wants(f) && f.matches(endpoint) && !got.has(f.kind) && !(f.kind.isResponse() && response) {
			got[f.kind] = f
			response = response || f.kind.isResponse()
			if f.left == 1 {
				continue // used up
			}
			if f.left > 1 {
				f.left--
			}
		}
		kept = append(kept, f)
	}
	s.list = kept
	return got
}
