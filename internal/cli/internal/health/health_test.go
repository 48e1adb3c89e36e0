package health_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/zbsclient/zbsclient/internal/cli/internal/health"
	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/zbs"
)

func TestState(t *testing.T) {
	refused := fmt.Errorf("ping: %w", &zbs.AgentError{Message: "no leader"})
	for name, row := range map[string]struct {
		of     mds.Health
		want   health.State
		reason string
	}{
		"synced":   {mds.Health{Agent: zbs.PingReply{AgentVersion: "5.5.0"}}, health.Serving, ""},
		"unsynced": {mds.Health{}, health.Unsynced, ""},
		"too old":  {mds.Health{Err: fmt.Errorf("%w: %w", mds.ErrAgentTooOld, refused)}, health.Old, "no leader"},
		"refusing": {mds.Health{Err: refused}, health.Refusing, "no leader"},
		"down":     {mds.Health{Err: errors.New("connection refused")}, health.Down, "connection refused"},
	} {
		if got := health.Of(row.of); got != row.want {
			t.Errorf("%s: %s, want %s", name, got, row.want)
		}
		if got := health.Reason(row.of); !strings.Contains(got, row.reason) || (row.reason == "") != (got == "") {
			t.Errorf("%s: reason %q, want %q in it", name, got, row.reason)
		}
		if doc := health.DocOf(row.of); doc.State != row.want {
			t.Errorf("%s: %s in its document, want %s", name, doc.State, row.want)
		}
	}
}

// Legend explains each state, in the order of States.
func TestLegendHasEveryState(t *testing.T) {
	rest := health.Legend
	for _, state := range health.States {
		i := strings.Index("\n"+rest, "\n  "+string(state)+" ")
		if i < 0 {
			t.Fatalf("%s is missing, or not in its place", state)
		}
		rest = rest[i:]
	}
}
