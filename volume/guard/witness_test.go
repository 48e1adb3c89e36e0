package guard_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zbsclient/zbsclient/fakemds"
	"github.com/zbsclient/zbsclient/internal/mdstest"
	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/volume/guard"
	"github.com/zbsclient/zbsclient/volume/guard/proof"
	"github.com/zbsclient/zbsclient/zbs"
)

// witness answers as its function does, and takes down what it was asked.
type witness struct {
	answer func(ctx context.Context, host guard.Host) (guard.Testimony, error)

	mu    sync.Mutex // guards what follows
	asked []string
	now   int
	most  int // how many were asked at the same time
}

func (w *witness) Ask(ctx context.Context, host guard.Host, volumes []zbs.Path) (guard.Testimony, error) {
	w.mu.Lock()
	w.asked = append(w.asked, host.Name)
	w.now++
	w.most = max(w.most, w.now)
	w.mu.Unlock()
	defer func() {
		w.mu.Lock()
		w.now--
		w.mu.Unlock()
	}()
	return w.answer(ctx, host)
}

// no says that the host does not have the volume open.
func no(context.Context, guard.Host) (guard.Testimony, error) {
	return guard.Testimony{At: time.Now()}, nil
}

// idle returns a cluster and an inventory with nothing running on host 3.
func idle(t *testing.T) (*fakemds.Cluster, guard.Hosts) {
	cluster := newCluster(t, 3)
	cluster.CloseClient(disk(3).String(), "10.0.0.3")
	inventory := hosts()
	inventory[2].Open = nil
	return cluster, inventory
}

// A witness of an idle host settles what no MDS can show, and is asked for no
// other host, once in each round.
func TestWitnessVouches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, inventory := idle(t)
		wantUnknown(t, guardOf(t, cluster, inventory), proof.HostIdle)
		w := &witness{answer: no}
		report, err := guardOf(t, cluster, inventory, guard.WithWitness(w)).Check(t.Context(), path)
		if err != nil {
			t.Fatalf("%v: %v", report.Verdict, err)
		}
		if fmt.Sprint(w.asked) != "[kvm-3 kvm-3]" {
			t.Errorf("asked about %v, want kvm-3 in each of two rounds", w.asked)
		}
		if h := report.Hosts[2]; h.Means != proof.Vouched || report.Hosts[0].Means != proof.Visible {
			t.Errorf("hosts %v", report.Hosts)
		}
		for k, r := range report.Evidence.Rounds {
			if len(r.Statements) != 1 || r.Statements[0].Host != "kvm-3" || r.Statements[0].Outcome != proof.Answered {
				t.Errorf("statements of round %d: %+v", k+1, r.Statements)
			}
		}
	})
	synctest.Test(t, func(t *testing.T) { // every host is shown
		_, g := guarded(t, 3)
		w := &witness{answer: no}
		if _, err := g.Check(t.Context(), path, guard.WithWitness(w)); err != nil || len(w.asked) > 0 {
			t.Errorf("%v, asked about %v", err, w.asked)
		}
	})
}

func TestWitnessSaysOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, inventory := idle(t)
		w := &witness{answer: func(context.Context, guard.Host) (guard.Testimony, error) {
			return guard.Testimony{At: time.Now(), Open: []zbs.Path{disk(1), path}}, nil
		}}
		g := guardOf(t, cluster, inventory, guard.WithWitness(w))
		began := time.Now()
		report, err := g.Check(t.Context(), path)
		inUse, ok := errors.AsType[*guard.InUseError](err)
		if !ok || len(inUse.Holders) != 1 || inUse.Holders[0].Host != "kvm-3" || !inUse.Holders[0].Witness {
			t.Errorf("%v: %v", report.Verdict, err)
		}
		if took := time.Since(began); took != 0 {
			t.Errorf("took %v, want one round", took)
		}
	})
}

// What vouches for nothing.
func TestWitnessVouchesForNothing(t *testing.T) {
	answers := map[string]func(context.Context, guard.Host) (guard.Testimony, error){
		"error": func(context.Context, guard.Host) (guard.Testimony, error) {
			return guard.Testimony{}, errors.New("down")
		},
		"error with answer": func(context.Context, guard.Host) (guard.Testimony, error) {
			return guard.Testimony{At: time.Now()}, errors.New("down")
		},
		"no time": func(context.Context, guard.Host) (guard.Testimony, error) { return guard.Testimony{}, nil },
		"old": func(context.Context, guard.Host) (guard.Testimony, error) {
			return guard.Testimony{At: time.Now().Add(-time.Millisecond)}, nil
		},
		"of the future": func(context.Context, guard.Host) (guard.Testimony, error) {
			return guard.Testimony{At: time.Now().Add(time.Hour)}, nil
		},
		"late": func(ctx context.Context, _ guard.Host) (guard.Testimony, error) {
			said := guard.Testimony{At: time.Now()}
			time.Sleep(proof.DefaultSpan + time.Second)
			return said, nil
		},
		"hangs": func(ctx context.Context, _ guard.Host) (guard.Testimony, error) {
			<-ctx.Done()
			return guard.Testimony{At: time.Now()}, nil
		},
	}
	for name, answer := range answers {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cluster, inventory := idle(t)
				g := guardOf(t, cluster, inventory, guard.WithWitness(&witness{answer: answer}))
				began := time.Now()
				report := wantUnknown(t, g, proof.HostUnproved)
				if took := time.Since(began); took > report.Longest() {
					t.Errorf("took %v, want at most %v", took, report.Longest())
				}
				for k, r := range report.Evidence.Rounds {
					if len(r.Statements) != 1 || r.Statements[0].Host != "kvm-3" {
						t.Errorf("statements of round %d: %+v, want one of kvm-3", k+1, r.Statements)
					}
				}
				time.Sleep(2 * proof.DefaultSpan) // one that does not heed its context is left behind
			})
		})
	}
}

// A witness that hangs does not keep the answer of others waiting, and one about
// many hosts is asked about a few at a time.
func TestWitnessOfManyHosts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, inventory := idle(t)
		for i := 10; i < 60; i++ {
			inventory = append(inventory, guard.Host{Name: fmt.Sprintf("kvm-%d", i), Addrs: []netip.Addr{netip.MustParseAddr(fmt.Sprintf("10.0.0.%d", i))}})
		}
		w := &witness{answer: func(ctx context.Context, h guard.Host) (guard.Testimony, error) {
			said := guard.Testimony{At: time.Now()}
			time.Sleep(100 * time.Millisecond)
			return said, nil
		}}
		report, err := guardOf(t, cluster, inventory, guard.WithWitness(w)).Check(t.Context(), path)
		if err != nil || len(w.asked) != 2*51 {
			t.Errorf("%v, asked %d times: %v", report.Verdict, len(w.asked), err)
		}
		if w.most < 2 || w.most > 8 {
			t.Errorf("%d asked at the same time, want 2 to 8", w.most)
		}
	})
}

// A host that a witness saw alive has not fenced itself.
func TestWitnessSeesAHostAlive(t *testing.T) {
	alive := func(context.Context, guard.Host) (guard.Testimony, error) {
		now := time.Now()
		return guard.Testimony{At: now.Add(-time.Minute), LastAlive: now.Add(-time.Second)}, nil
	}
	synctest.Test(t, func(t *testing.T) {
		cluster, inventory := idle(t)
		g := guardOf(t, cluster, inventory, guard.WithWitness(&witness{answer: alive}))
		wantUnknown(t, g, proof.SelfFencingPending, guard.SelfFencing(20*time.Second))
	})
}

// A witness that hangs makes each round as long as a span. The verdict is as old as
// the last round that counts, not as old as the last of those far enough apart, by
// which it would have expired each time it was made.
func TestWitnessHangsWhileAHostFencesItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, inventory := idle(t)
		w := &witness{answer: func(ctx context.Context, _ guard.Host) (guard.Testimony, error) {
			<-ctx.Done()
			return guard.Testimony{}, ctx.Err()
		}}
		g := guardOf(t, cluster, inventory, guard.WithWitness(w), guard.SelfFencing(20*time.Second))
		report, err := g.Check(t.Context(), path)
		if err != nil {
			t.Fatalf("%v: %v", report.Verdict, err)
		}
		last := report.Evidence.Rounds[report.Rounds-1]
		if observed := report.ObservedAt.Sub(report.BeganAt); observed != time.Duration(last.Began) {
			t.Errorf("observed after %v, want the begin of the last round, %v", observed, time.Duration(last.Began))
		}
	})
}

func TestNilWitness(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, err := guard.New(mdstest.Caller(t, newCluster(t, 1)), hosts(), guard.WithWitness(nil))
		if !errors.Is(err, mds.ErrInvalidOption) {
			t.Errorf("%v, want ErrInvalidOption", err)
		}
	})
}
