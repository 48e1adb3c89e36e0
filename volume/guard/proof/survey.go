package proof

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"sync/atomic"

	"github.com/zbsclient/zbsclient/zbs"
)

// Survey is what one MDS listed in one round for volumes other than the one that
// is checked. It shows that the agent can list, and which hosts reach the MDS.
// Reports of one batch share it; it must not be changed.
type Survey struct {
	Lists []VolumeList `json:"lists"`

	reading atomic.Pointer[surveyReading]
	digest  atomic.Pointer[string]
}

// VolumeList is the list of one volume.
type VolumeList struct {
	Volume zbs.Path `json:"volume"`
	ListAnswer
}

// surveyReading is which hosts of an inventory a survey shows.
type surveyReading struct {
	of        *Inventory
	hosts     HostSet
	strangers []stranger
	clients   map[zbs.Path][]zbs.Client // by volume
	disorder  bool                      // a list is of no round
	ended     Seconds                   // the last of the lists, since the round began
}

// stranger is a client whose address belongs to no host.
type stranger struct {
	client zbs.Client
	volume zbs.Path
}

// read returns which hosts the survey shows. It is worked out once for an
// inventory: the checks of a batch ask for the same.
func (s *Survey) read(inv *Inventory) *surveyReading {
	if s == nil {
		return &surveyReading{}
	}
	if r := s.reading.Load(); r != nil && r.of == inv {
		return r
	}
	r := &surveyReading{of: inv, clients: make(map[zbs.Path][]zbs.Client)}
	for _, list := range s.Lists {
		if list.Outcome != Answered {
			continue
		}
		r.disorder = r.disorder || !list.during(list.ended())
		r.ended = max(r.ended, list.ended())
		r.clients[list.Volume] = append(r.clients[list.Volume], list.Clients...)
		for _, c := range r.hosts.AddClients(inv, list.Clients) {
			r.strangers = append(r.strangers, stranger{c, list.Volume})
		}
	}
	s.reading.Store(r)
	return r
}

// shows returns the hosts that the survey shows by lists of a round which took so long. A
// list of another time does not show which hosts reach the MDS in the round.
func (s *Survey) shows(inv *Inventory, took Seconds) (hosts HostSet) {
	r := s.read(inv)
	if !r.disorder && r.ended <= took {
		return r.hosts
	}
	for _, list := range s.Lists {
		if list.Outcome == Answered && list.during(took) {
			hosts.AddClients(inv, list.Clients)
		}
	}
	return hosts
}

// sum is the digest of the lists, without the texts for people.
func (s *Survey) sum() string {
	if s == nil {
		return ""
	}
	if d := s.digest.Load(); d != nil {
		return *d
	}
	data, err := json.Marshal(s.Lists)
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(data)
	d := hex.EncodeToString(sum[:])
	s.digest.Store(&d)
	return d
}
