package cli

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/zbsclient/zbsclient/volume/guard"
	"github.com/zbsclient/zbsclient/zbs"
)

func verdictCell(v guard.Verdict) cell {
	switch v {
	case guard.Free:
		return cell{"free", green}
	case guard.InUse:
		return cell{"in use", red}
	default:
		return cell{"cannot tell", yellow}
	}
}

// printReport prints verdict, holders, evidence, reasons and what to do next.
func (a *app) printReport(r guard.Report, explain bool) {
	verdict := verdictCell(r.Verdict)
	fmt.Fprintf(a.stdout, "%s: %s\n", r.Volume, a.outStyle(verdict.style, strings.ToUpper(verdict.text)))
	if r.Policy == guard.First {
		fmt.Fprintln(a.stdout, a.outStyle(red, "policy first believes the first list: this PROVES NOTHING"))
	}
	a.printHolders(r)
	a.printEvidence(r)
	a.printReasons(r)
	if explain {
		a.printRules(r)
	}
	a.printNext(r)
}

func (a *app) printHolders(r guard.Report) {
	if len(r.Holders) == 0 {
		return
	}
	t := table{header: []string{"HOST", "STANDING", "CLIENTS", "ROUNDS", "LISTED BY"}}
	tones := map[guard.Standing]style{guard.Foreign: red, guard.Fenced: yellow, guard.Allowed: green}
	for _, h := range r.Holders {
		host := h.Host
		if host == "" {
			host = "?"
		}
		t.add(cell{text: host}, cell{h.Standing.String(), tones[h.Standing]}, cell{text: joined(h.Clients)}, cell{text: joined(h.Rounds)},
			cell{text: fmt.Sprintf("%d of %d MDS", len(h.MDS), len(r.Evidence.MDS))})
	}
	fmt.Fprintln(a.stdout)
	t.print(a.stdout, a.coloured(a.stdout))
}

func joined[T any](all []T) string {
	texts := make([]string, len(all))
	for i, v := range all {
		texts[i] = fmt.Sprint(v)
	}
	return strings.Join(texts, ", ")
}

func (a *app) printEvidence(r guard.Report) {
	if len(r.Evidence.Rounds) == 0 {
		return
	}
	t := table{header: []string{"ROUND", "MDS", "PING", "CLIENTS", "CANARY", "EXISTS", "DOES NOT COUNT"}}
	for k, round := range r.Evidence.Rounds {
		for _, o := range round.Observations {
			t.add(cell{text: strconv.Itoa(k + 1)}, cell{text: o.MDS.String()}, pingCell(o), listCell(o.Clients, names(o.Clients.Clients)),
				listCell(o.Canary, hosts(o.Canary.Clients)), existsCell(round, o.MDS), cell{whyNot(r, o, k+1), yellow})
		}
	}
	fmt.Fprintln(a.stdout)
	t.print(a.stdout, a.coloured(a.stdout))
}

func pingCell(o guard.Observation) cell {
	switch {
	case o.Ping.Outcome == guard.Answered && o.Ping.AgentVersion == "":
		return cell{"unsynced", yellow}
	case o.Ping.Outcome == guard.Answered:
		return cell{text: o.Ping.AgentVersion}
	}
	return outcomeCell(o.Ping.Outcome)
}

func listCell(l guard.ListAnswer, text string) cell {
	switch {
	case l.Outcome != guard.Answered:
		return outcomeCell(l.Outcome)
	case len(l.Clients) == 0:
		return cell{"nobody", dim}
	}
	return cell{text, cyan}
}

func outcomeCell(o guard.Outcome) cell {
	if o == guard.NotAsked {
		return orDash("")
	}
	return cell{o.String(), yellow}
}

// hostsOf are the hosts of a list, each once, as the agents write them.
func hostsOf(clients []zbs.Client) (all []string) {
	for _, c := range clients {
		host := c.IP
		if host == "" {
			host = "?"
		}
		if !slices.Contains(all, host) {
			all = append(all, host)
		}
	}
	return all
}

// hosts counts the hosts of a list.
func hosts(clients []zbs.Client) string {
	if n := len(hostsOf(clients)); n != 1 {
		return fmt.Sprintf("%d hosts", n)
	}
	return "1 host"
}

// names names the first hosts of a list: all of them stand above.
func names(clients []zbs.Client) string {
	all := hostsOf(clients)
	if len(all) > 2 {
		return fmt.Sprintf("%s and %d more", all[0], len(all)-1)
	}
	return strings.Join(all, ", ")
}

func existsCell(round guard.Round, addr zbs.Addr) cell {
	for _, e := range round.Existence {
		if e.MDS != addr {
			continue
		}
		if e.Outcome == guard.Answered {
			return cell{text: "yes"}
		}
		return outcomeCell(e.Outcome)
	}
	return orDash("")
}

// whyNot says why the MDS does not count in the round, in the short form: the
// reasons below say it in full.
func whyNot(r guard.Report, o guard.Observation, round int) string {
	var codes []string
	for _, reason := range slices.Concat(r.Reasons, r.Notes) {
		if reason.MDS == o.MDS && reason.Round == round && !slices.Contains(codes, string(reason.Code)) {
			codes = append(codes, string(reason.Code))
		}
	}
	return strings.Join(codes, ", ")
}

// printReasons says why the verdict is what it is and what would settle it, each
// cause once, with where it was seen.
func (a *app) printReasons(r guard.Report) {
	title, reasons := "why:", r.Reasons
	if r.Verdict == guard.InUse { // known after one round, whatever else is wrong
		title = "also:"
		reasons = slices.DeleteFunc(slices.Clone(reasons), func(r guard.Reason) bool { return r.Code == guard.TooFewRounds })
	}
	for _, part := range []struct {
		title   string
		tone    style
		reasons []guard.Reason
	}{{title, yellow, reasons}, {"note:", cyan, r.Notes}} {
		for _, group := range byCause(part.reasons) {
			fmt.Fprintf(a.stdout, "\n%s %s%s\n", a.outStyle(part.tone, part.title), group[0].What(), where(group))
			fmt.Fprintf(a.stdout, "      settled by: %s\n", inFlags.Replace(group[0].Settle()))
		}
	}
}

// inFlags says the library's options as zbsctl's flags.
var inFlags = strings.NewReplacer("MinCanaryHosts", "--min-canary-hosts", "FencedBy", "--fenced", "ExpectCluster", "--expect-cluster",
	"Timing.Span", "--span", "policy Quorum", "--policy quorum", "give it the time of Timing.Longest", "give it more time")

// byCause groups reasons by code, in the order they came.
func byCause(reasons []guard.Reason) (groups [][]guard.Reason) {
	for _, r := range reasons {
		i := slices.IndexFunc(groups, func(g []guard.Reason) bool { return g[0].Code == r.Code })
		if i < 0 {
			groups = append(groups, []guard.Reason{r})
		} else {
			groups[i] = append(groups[i], r)
		}
	}
	return groups
}

// where lists who a cause was seen at, and the detail.
func where(group []guard.Reason) string {
	var places []string
	for _, r := range group {
		place := ""
		if !r.MDS.IsZero() {
			place = r.MDS.String()
		}
		if r.Detail != "" {
			place = strings.TrimPrefix(place+": "+r.Detail, ": ")
		}
		if place != "" && !slices.Contains(places, place) {
			places = append(places, place)
		}
	}
	if len(places) == 0 {
		return ""
	}
	return " (" + strings.Join(places, "; ") + ")"
}

// guardRules are the rules of guard.Guard in short.
var guardRules = []string{
	"identity: the MDS belong to one cluster, and confirm it by a ping in each round",
	"sync: the ping names an agentVersion, else the agent's lists are empty",
	"canary: the MDS lists hosts for a volume that is certainly open, and none vanishes",
	"order: ping, list and canary follow each other, all asked after the check began",
	"existence: the volume exists",
	"path: it names a volume, no snapshot and no remote volume",
	"quorum: a majority of the configured MDS counts in each round",
	"rounds: as many as wanted, and far enough apart",
	"foreign client: any client of a host that is not allowed means in use",
	"fence: a host attested as fenced is no foreign one, unless it comes back",
}

// printRules shows each rule and whether it is kept.
func (a *app) printRules(r guard.Report) {
	broken := make(map[int]bool)
	for _, reason := range r.Reasons {
		broken[reason.Code.Rule()] = true
	}
	if len(r.ForeignHolders()) > 0 {
		broken[9] = true
	}
	fmt.Fprintln(a.stdout)
	for i, rule := range guardRules {
		mark := a.outStyle(green, "kept    ")
		if broken[i+1] {
			mark = a.outStyle(red, "NOT KEPT")
		}
		fmt.Fprintf(a.stdout, "%2d. %s  %s\n", i+1, mark, rule)
	}
}

// printNext says what to do.
func (a *app) printNext(r guard.Report) {
	var next string
	switch r.Verdict {
	case guard.Free:
		next = fmt.Sprintf("open it now: the report is of %s, and good for %v from then", r.ObservedAt.UTC().Format("15:04:05Z"), r.ValidFor)
	case guard.InUse:
		next = "do not open it; close it where it is open, or fence that host and check again with --fenced"
	default:
		next = "do not open it; settle what is said above, and check again"
		if after := soonest(r.Reasons); after != "" {
			next += " in " + after + " (--wait does)"
		}
	}
	fmt.Fprintf(a.stdout, "\n%s %s\n", a.outStyle(bold, "next:"), next)
}

// soonest is when a cause may be gone, "" when asking again comes to nothing.
func soonest(reasons []guard.Reason) string {
	if len(reasons) == 0 || slices.ContainsFunc(reasons, func(r guard.Reason) bool { return r.RetryAfter == 0 }) {
		return ""
	}
	first := reasons[0].RetryAfter
	for _, r := range reasons {
		first = min(first, r.RetryAfter)
	}
	return first.String()
}

// inShort is what a line about one of many volumes says beside the verdict.
func inShort(r guard.Report) string {
	switch r.Verdict {
	case guard.InUse:
		var names []string
		for _, h := range r.ForeignHolders() {
			names = append(names, h.Host)
		}
		return "  by " + strings.Join(names, ", ")
	case guard.Unknown:
		if groups := byCause(r.Reasons); len(groups) > 0 {
			return "  " + groups[0][0].What()
		}
	}
	return ""
}
