package cli

import (
	"errors"

	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/zbs"
)

// mdsStates explains the states of an MDS.
const mdsStates = `  serving   answers, and belongs to the cluster it says
  unsynced  answers, but lists no clients whatever the truth: it was restarted
            and waits for ZStack to send it metadata/sync
  old       an agent up to ZStack 5.4.0 or ZSV 4.10, which must not be used
  refusing  answers that it does not serve, such as without a leader
  down      gives no answer
`

// mdsState is the state of an MDS, as mdsStates explains.
type mdsState string

const (
	stateServing  mdsState = "serving"
	stateUnsynced mdsState = "unsynced"
	stateOld      mdsState = "old"
	stateRefusing mdsState = "refusing"
	stateDown     mdsState = "down"
)

// allStates are in the order of mdsStates.
var allStates = []mdsState{stateServing, stateUnsynced, stateOld, stateRefusing, stateDown}

// stateOf returns the state of an MDS by its last probe.
func stateOf(h mds.Health) mdsState {
	_, denied := errors.AsType[*zbs.AgentError](h.Err)
	switch {
	case h.Err == nil && (h.Agent.Synced() || !h.Can.TellsVersion()):
		return stateServing
	case h.Err == nil:
		return stateUnsynced
	case errors.Is(h.Err, mds.ErrAgentTooOld):
		return stateOld
	case denied:
		return stateRefusing
	default:
		return stateDown
	}
}

// cell shows the state in its colour.
func (s mdsState) cell() cell {
	switch s {
	case stateServing:
		return green.cell(string(s))
	case stateUnsynced:
		return yellow.cell(string(s))
	default:
		return red.cell(string(s))
	}
}

// reason says why an MDS does not serve. It repeats nothing that the table shows.
func reason(h mds.Health) string {
	if call, ok := errors.AsType[*mds.WalkError](h.Err); ok && len(call.Attempts) > 0 {
		last := call.Attempts[len(call.Attempts)-1]
		text := last.Err.Error()
		if no, ok := errors.AsType[*zbs.AgentError](last.Err); ok {
			text = no.Reason()
		}
		if last.Phase == mds.PhaseGeneration {
			return text // whatever it was asked
		}
		return call.Op + ": " + string(last.Phase) + ": " + text
	}
	switch {
	case h.Err != nil:
		return h.Err.Error()
	case !h.Agent.Synced() && !h.Can.TellsVersion():
		return "an agent of " + h.Can.Generation() + " never says whether it was synced"
	}
	return ""
}

// breakerCell shows the state of a breaker.
func breakerCell(b mds.Breaker) cell {
	switch b {
	case mds.BreakerClosed:
		return textCell(string(b))
	case mds.BreakerOpen:
		return red.cell(string(b))
	case mds.BreakerHalfOpen:
		return yellow.cell(string(b))
	default:
		return dim.cell("-")
	}
}
