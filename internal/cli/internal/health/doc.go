package health

import (
	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/zbs"
)

// Doc is an MDS in JSON and YAML output.
type Doc struct {
	MDS            string  `json:"mds"`
	State          State   `json:"state"`
	Cluster        string  `json:"cluster,omitempty"`
	Version        string  `json:"version,omitempty"`
	AgentVersion   string  `json:"agentVersion,omitempty"`
	Generation     string  `json:"generation,omitempty"`     // of the agent
	Behind         bool    `json:"behind,omitempty"`         // another one is of a newer generation
	LatencySeconds float64 `json:"latencySeconds,omitempty"` // of the echo
	Breaker        string  `json:"breaker"`
	Error          string  `json:"error,omitempty"`
}

// DocOf returns the document of an MDS.
func DocOf(h mds.Health) Doc {
	generation := ""
	if (h.Can != zbs.Capabilities{}) {
		generation = h.Can.Generation()
	}
	return Doc{
		MDS: h.Addr.String(), State: Of(h), Cluster: h.Cluster.UUID, Version: h.Cluster.Version,
		AgentVersion: h.Agent.AgentVersion, Generation: generation, LatencySeconds: h.Latency.Seconds(), Breaker: string(h.Breaker), Error: errorOf(h),
	}
}

// errorOf is Reason for an MDS that does not serve, "" for one that does.
func errorOf(h mds.Health) string {
	if h.Err == nil {
		return ""
	}
	return Reason(h)
}
