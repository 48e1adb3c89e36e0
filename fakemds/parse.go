package fakemds

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// ParseFault makes a fault of its name as Fault.String writes it ("hang",
// "slow-body", "status"). It also takes upper case, '_' for '-', and "lose-reply".
// param is what the fault takes: a duration for slow, slow-body, callback-late,
// a code for status, status-after, a text for agent-error, storage-error; ""
// otherwise. Faults that act with a delay of their own take none.
func ParseFault(name, param string) (Fault, error) {
	name = strings.ReplaceAll(strings.ToLower(name), "_", "-")
	if name == "lose-reply" {
		name = "reset-after"
	}
	f := Fault{}
	for k, have := range kindTexts {
		if have == name {
			f.kind = k
		}
	}
	var err error
	switch f.kind {
	case noFault:
		return Fault{}, fmt.Errorf("unknown fault %q, want one of %s", name, strings.Join(FaultNames(), ", "))
	case slow, slowBody, callbackLate:
		if f.delay, err = time.ParseDuration(param); err != nil || f.delay < 0 {
			return Fault{}, fmt.Errorf("fault %s needs a delay such as 2s, not %q", name, param)
		}
	case status, statusAfter:
		if f.code, err = strconv.Atoi(param); err != nil || f.code < 200 || f.code > 599 {
			return Fault{}, fmt.Errorf("fault %s needs an HTTP status 200..599, not %q", name, param)
		}
	case agentError, storageError:
		if f.text = param; param == "" {
			return Fault{}, fmt.Errorf("fault %s needs a text", name)
		}
	default:
		if param != "" {
			return Fault{}, fmt.Errorf("fault %s takes no parameter, not %q", name, param)
		}
	}
	return f, nil
}

// FaultNames are the names that ParseFault takes, in a fixed order.
func FaultNames() []string {
	var all []string
	for k := refuse; k <= lastKind; k++ {
		all = append(all, kindTexts[k])
	}
	return all
}
