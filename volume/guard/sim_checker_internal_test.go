package guard

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/zbsclient/zbsclient/hashring"
	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/zbs"
)

// simAliases are further names of the hosts "mds-0.fake" and so on, as long as
// these.
var simAliases = []string{"als", "alt"}

// unalias turns the names into those of the nodes.
var unalias = strings.NewReplacer("als-", "mds-", "alt-", "mds-")

// checker is the process that checks: its way to the MDS, its inventory, and its
// witness. While it is paused nothing gets through to it, or out of it.
type checker struct {
	*world
	hosts   Hosts
	manners [simHosts]manners // of the witness
	pauses  time.Time         // when it stands still, until resumes
	resumes time.Time
}

// manners are how a witness answers for a host. It never lies.
type manners uint8

const (
	prompt   manners = iota
	failing          // does not reach the host
	hanging          // until it is told to stop
	late             // true when it was asked
	outdated         // true before that
	mannersCount
)

func newChecker(w *world) *checker {
	c := &checker{world: w, hosts: w.inventory(), pauses: w.began.Add(w.pause), resumes: w.began.Add(w.resumes)}
	for i := range c.manners {
		if w.IntN(3) == 0 {
			c.manners[i] = manners(w.IntN(int(mannersCount)))
		}
	}
	return c
}

// stand waits while the process stands still.
func (c *checker) stand(ctx context.Context) {
	if now := time.Now(); !now.Before(c.pauses) && now.Before(c.resumes) {
		sleep(ctx, c.resumes.Sub(now))
	}
}

// RoundTrip implements http.RoundTripper.
func (c *checker) RoundTrip(req *http.Request) (*http.Response, error) {
	c.stand(req.Context())
	to := req.Clone(req.Context())
	to.URL.Host = unalias.Replace(req.URL.Host)
	if to.URL.Host != req.URL.Host {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			return nil, err
		}
		to.Body = io.NopCloser(bytes.NewReader([]byte(unalias.Replace(string(body)))))
	}
	reply, err := c.cluster.Transport().RoundTrip(to)
	c.stand(req.Context())
	return reply, err
}

// Hosts implements HostSource.
func (c *checker) Hosts(ctx context.Context) ([]Host, error) {
	return c.hosts, sleep(ctx, c.setup.slowSource)
}

// Ask implements Witness.
func (c *checker) Ask(ctx context.Context, host Host, volumes []zbs.Path) (Testimony, error) {
	c.stand(ctx)
	i := int(host.Name[len(host.Name)-1] - '0')
	said := Testimony{At: time.Now()}
	c.mu.Lock()
	h := c.world.hosts[i]
	c.mu.Unlock()
	if h.link == linkDead {
		return Testimony{}, errors.New("no route to the host")
	}
	for _, volume := range volumes {
		if volume == simVolume && h.writing {
			said.Open = append(said.Open, volume)
		}
	}
	said.LastAlive = h.ended
	if h.writing {
		said.LastAlive = said.At
	}
	switch c.manners[i] {
	case failing:
		return Testimony{}, errors.New("no answer from the host")
	case hanging:
		<-ctx.Done()
		return said, nil
	case late:
		return said, sleep(ctx, time.Duration(len(volumes)+i)*2*time.Second)
	case outdated:
		return Testimony{At: c.began.Add(-time.Minute)}, nil
	}
	return said, nil
}

var simRings sync.Map // by the list

// caller is a way to the MDS of the list.
func (c *checker) caller() (*mds.Caller, error) {
	key := strings.Join(c.setup.addrs, " ")
	ring, ok := simRings.Load(key)
	if !ok {
		ring, _ = simRings.LoadOrStore(key, hashring.New(hashring.Default, c.setup.addrs...))
	}
	caller, err := mds.New(c.setup.addrs, mds.WithTransport(c), mds.WithMountedCallbacks("http://callback.fake/cb"), mds.WithRouter(ring.(*hashring.Ring)))
	if err != nil {
		return nil, err
	}
	handler := caller.CallbackHandler()
	c.cluster.HandleCallbacks("callback.fake", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.stand(r.Context())
		handler.ServeHTTP(w, r)
	}))
	return caller, nil
}

// guard is a Guard as the schedule's deployment configures it.
func (c *checker) guard(caller *mds.Caller) (*Guard, error) {
	opts := []CheckOption{AllowHost(simName(0)), WithTiming(c.timing)}
	if c.setup.selfFencing > 0 {
		opts = append(opts, SelfFencing(c.setup.selfFencing))
	}
	if c.setup.witness {
		opts = append(opts, WithWitness(c))
	}
	g, err := New(caller, c, opts...)
	if err == nil {
		g.now = c.wall
	}
	return g, err
}
