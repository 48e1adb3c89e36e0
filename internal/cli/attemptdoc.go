package cli

import "github.com/zbsclient/zbsclient/mds"

// attemptDoc is an attempt in JSON and YAML output.
type attemptDoc struct {
	MDS     string  `json:"mds"`
	Why     string  `json:"why,omitempty"` // it was asked
	Phase   string  `json:"phase"`         // "answered", or how far it came
	Error   string  `json:"error,omitempty"`
	Sent    bool    `json:"sent"`
	Status  int     `json:"status,omitempty"`
	Began   float64 `json:"beganSeconds"` // since the call began
	Seconds float64 `json:"seconds"`
}

func attemptDocs(trace mds.Trace) []attemptDoc {
	docs := make([]attemptDoc, 0, len(trace.Attempts))
	for _, attempt := range trace.Attempts {
		doc := attemptDoc{
			MDS: attempt.Addr.String(), Why: string(attempt.Why), Phase: "answered", Sent: attempt.Sent,
			Status: attempt.Status, Began: attempt.Began.Seconds(), Seconds: attempt.Duration.Seconds(),
		}
		if attempt.Err != nil {
			doc.Phase, doc.Error = string(attempt.Phase), attempt.Err.Error()
		}
		docs = append(docs, doc)
	}
	return docs
}
