package proof_test

import (
	"errors"
	"testing"

	"github.com/zbsclient/zbsclient/volume/guard/proof"
)

// queries changes what the MDS answer to the query for the volume in round k.
func queries(k int, f func(x *proof.Existence), mds ...int) change {
	return inRound(k, func(r *proof.Round) {
		for i := range r.Existence {
			for _, j := range mds {
				if r.Existence[i].MDS == mdsAt(j) {
					f(&r.Existence[i])
				}
			}
		}
	})
}

func TestRule4Existence(t *testing.T) {
	missing := func(x *proof.Existence) { x.Outcome = proof.Missing }
	refused := func(x *proof.Existence) { x.Outcome = proof.Refused }
	d := want(t, "one MDS denies it, two say that it exists", proof.Unknown, proof.VolumeMissing, queries(1, missing, 2))
	if d.Open {
		t.Error("a further round is to help")
	}
	want(t, "an MDS that does not count denies it", proof.Unknown, proof.VolumeMissing, queries(2, missing, 2), refusesPing(2, "", 2))
	if err := reportOf(queries(2, missing, 0, 1, 2)).Err(nil); !errors.Is(err, proof.ErrNotFound) || !errors.Is(err, proof.ErrUndetermined) {
		t.Errorf("%v, want ErrNotFound and ErrUndetermined", err)
	}
	want(t, "nobody says", proof.Unknown, proof.ExistenceUnknown, queries(2, refused, 0, 1, 2))
	want(t, "in the first round nobody says", proof.Unknown, proof.TooFewRounds, queries(1, refused, 0, 1, 2))
	want(t, "one MDS says", proof.Free, "", queries(2, refused, 0, 1))
	want(t, "nobody was asked", proof.Unknown, proof.ExistenceUnknown, inRound(2, func(r *proof.Round) { r.Existence = nil }))
	want(t, "an MDS without a ping says", proof.Unknown, proof.ExistenceUnknown, queries(2, refused, 0, 1), refusesPing(2, "", 2))
	want(t, "an MDS says whose ping is of an earlier round", proof.Unknown, proof.ExistenceUnknown, queries(2, refused, 0, 1),
		on(2, func(o *proof.Observation) { o.Late = true }, 2))
	want(t, "an MDS says that is not of the round", proof.Unknown, proof.ExistenceUnknown, queries(2, refused, 0, 1),
		queries(2, func(x *proof.Existence) { x.MDS.Host = "mds-x" }, 2))
	for why, spoil := range map[string]func(x *proof.Existence){
		"asked before the round":   func(x *proof.Existence) { x.Asked = -1 },
		"answered after the round": func(x *proof.Existence) { x.Took = roundTook },
	} {
		want(t, why, proof.Unknown, proof.ExistenceUnknown, queries(2, refused, 0, 1), queries(2, spoil, 2))
	}
	want(t, "it is open on a host, whatever is said", proof.InUse, "", queries(1, missing, 0, 1, 2), lists(1, ipOf(2)))
}
