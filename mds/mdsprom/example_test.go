package mdsprom_test

import (
	"fmt"
	"net/http/httptest"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/mds/mdsprom"
)

// A program serves what its Caller counts.
func ExampleNewCollector() {
	caller, err := mds.New([]string{"mds-a", "mds-b"})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer caller.Close()
	registry := prometheus.NewRegistry()
	registry.MustRegister(mdsprom.NewCollector(caller))
	handler := promhttp.HandlerFor(registry, promhttp.HandlerOpts{}) // at /metrics

	scraped := httptest.NewRecorder()
	handler.ServeHTTP(scraped, httptest.NewRequest("GET", "/metrics", nil))
	for line := range strings.Lines(scraped.Body.String()) {
		if strings.HasPrefix(line, "zbs_mds_breaker_state") {
			fmt.Print(line)
		}
	}
	// Output:
	// zbs_mds_breaker_state{mds="mds-a:7763",state="closed"} 1
	// zbs_mds_breaker_state{mds="mds-a:7763",state="half-open"} 0
	// zbs_mds_breaker_state{mds="mds-a:7763",state="open"} 0
	// zbs_mds_breaker_state{mds="mds-b:7763",state="closed"} 1
	// zbs_mds_breaker_state{mds="mds-b:7763",state="half-open"} 0
	// zbs_mds_breaker_state{mds="mds-b:7763",state="open"} 0
}
