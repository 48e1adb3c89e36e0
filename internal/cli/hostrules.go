package cli

import (
	"fmt"
	"slices"
	"time"

	"github.com/zbsclient/zbsclient/internal/cli/internal/term"
	"github.com/zbsclient/zbsclient/volume/guard"
	"github.com/zbsclient/zbsclient/volume/guard/proof"
	"github.com/zbsclient/zbsclient/zbs"
)

// openPerHost is how many open volumes of a host the Guard asks an MDS for.
const openPerHost = 3

// hostSighting is a list of an MDS that contains a host.
type hostSighting struct {
	mds    zbs.Addr
	volume zbs.Path
}

// hostRules say what accounts for a host.
type hostRules struct {
	mds         []zbs.Addr
	pool        string // the pool of interest; "": all
	selfFencing time.Duration
}

// majority is how many MDS must list a host.
func (r hostRules) majority() int { return len(r.mds)/2 + 1 }

// check says how the Guard could account for the host that these lists contain, or
// what is missing.
func (r hostRules) check(host guard.Host, seen []hostSighting) hostCheckDoc {
	doc := hostCheckDoc{Host: host.Name, MDS: []zbs.Addr{}}
	seen = slices.SortedFunc(slices.Values(seen), func(a, b hostSighting) int { return slices.Index(r.mds, a.mds) - slices.Index(r.mds, b.mds) })
	for _, s := range seen {
		doc.MDS = append(doc.MDS, s.mds)
	}
	if len(seen) > 0 {
		doc.Volume = seen[0].volume.String()
	}
	attached := r.pool == "" || host.Attached(r.pool)
	switch {
	case len(seen) >= r.majority():
		doc.Proof = proof.Visible.String()
	case len(seen) == 0 && host.State == guard.Maintenance:
		doc.Proof = proof.InMaintenance.String()
	case len(seen) == 0 && !attached:
		doc.Proof = proof.OutOfPool.String()
	case r.selfFencing > 0:
		doc.Proof = proof.SelfFenced.String()
	default:
		doc.Proof, doc.Missing = proof.MeansNone.String(), r.missing(host, len(seen))
	}
	return doc
}

// missing says why the host is not accounted for.
func (r hostRules) missing(host guard.Host, seen int) string {
	switch {
	case seen > 0:
		return fmt.Sprintf("%d of %d MDS list it, want %d", seen, len(r.mds), r.majority())
	case len(host.Open) == 0:
		return "nothing is known to be open on it"
	case len(host.Open) == 1:
		return "no MDS lists it for " + term.Shorten(host.Open[0].Volume, 20)
	}
	return fmt.Sprintf("no MDS lists it for %d volumes", min(openPerHost, len(host.Open)))
}
