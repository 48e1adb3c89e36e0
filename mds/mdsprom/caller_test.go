package mdsprom_test

import (
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/zbsclient/zbsclient/fakemds"
	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/mds/mdsprom"
	"github.com/zbsclient/zbsclient/zbs"
)

// What a Caller counts arrives: here 1 ms is served twice and 3 s once, and another
// MDS refuses connections.
func TestCollectorOfCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster := fakemds.NewCluster(t, 2)
		cluster.Node(0).Inject(fakemds.Slow(time.Millisecond).Times(2), fakemds.Slow(3*time.Second))
		cluster.Node(1).Inject(fakemds.Refuse)
		caller, err := mds.New(cluster.Addrs(), mds.WithDialContext(cluster.DialContext))
		if err != nil {
			t.Fatal(err)
		}
		defer caller.Close()
		for range 3 {
			if _, err := mds.Call(t.Context(), caller, zbs.Echo{}, mds.Target(caller.Addrs()[0])); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := mds.Call(t.Context(), caller, zbs.Echo{}, mds.Target(caller.Addrs()[1])); err == nil {
			t.Fatal("an MDS that refuses connections has answered")
		}

		registry := prometheus.NewPedanticRegistry()
		registry.MustRegister(mdsprom.NewCollector(caller))
		scraped := httptest.NewRecorder()
		promhttp.HandlerFor(registry, promhttp.HandlerOpts{}).ServeHTTP(scraped, httptest.NewRequest("GET", "/metrics", nil))
		text := scraped.Body.String()
		for _, want := range []string{
			`zbs_calls_total{endpoint="echo",result="ok"} 3`,
			`zbs_calls_total{endpoint="echo",result="failed"} 1`,
			`zbs_mds_attempts_total{endpoint="echo",mds="mds-0.fake:7763",outcome="answered"} 3`,
			`zbs_mds_attempts_total{endpoint="echo",mds="mds-1.fake:7763",outcome="failed"} 1`,
			`zbs_mds_latency_seconds_bucket{endpoint="echo",mds="mds-0.fake:7763",le="0.000512"} 0`,
			`zbs_mds_latency_seconds_bucket{endpoint="echo",mds="mds-0.fake:7763",le="0.001024"} 2`,
			`zbs_mds_latency_seconds_bucket{endpoint="echo",mds="mds-0.fake:7763",le="2.097152"} 2`,
			`zbs_mds_latency_seconds_bucket{endpoint="echo",mds="mds-0.fake:7763",le="4.194304"} 3`,
			`zbs_mds_latency_seconds_sum{endpoint="echo",mds="mds-0.fake:7763"} 3.002`,
			`zbs_mds_last_error_timestamp_seconds{mds="mds-1.fake:7763"} `,
			`zbs_mds_in_flight{mds="mds-0.fake:7763"} 0`,
			`zbs_retry_budget 32`,
		} {
			if !strings.Contains(text, want) {
				t.Errorf("no %s in\n%s", want, text)
			}
		}
	})
}
