package guard_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

var runMutants = flag.Bool("guard.mutants", false, "TestGuardMutants builds each mutant and runs the test that must kill it")

// mutant is a rule of the Guard with a part of it removed, and the test that
// fails because of it.
type mutant struct {
	rule string // number at Guard, or what else is broken
	name string // what the mutant does wrong
	file string
	old  string // occurs once in file
	new  string
	test string
}

var mutants = []mutant{
	{"1", "another cluster named by facts does not matter", "judge.go", `if id.Cluster != "" && id.Cluster != j.cluster {`, `if false {`, "TestRule1Identity"},
	{"1", "another cluster found out by ping does not matter", "judge.go", `o.Cluster != "" && o.Cluster != j.cluster {`, `false && o != nil {`, "TestRule1Identity"},
	{"1", "any MDS names the cluster, not the majority", "judge.go", `votes > n/2`, `votes > 0`, "TestRule1Identity"},
	{"1", "lists of another cluster's MDS count", "judge.go", `return id.Cluster != j.cluster`, `return false`, "TestRule1Identity"},
	{"1", "what the caller expects does not matter", "judge.go", `j.cluster = j.terms.ExpectCluster`, `j.cluster = ""`, "TestRule1Identity"},
	{"1", "the old name of a cluster is kept for ever", "guard.go", `g.ids.forget()`, ``, "TestRule1Identity"},
	{"1", "any MDS names the physical pool", "locate.go", `if c.facts.UUID != "" && c.evidence.Identities[i].Cluster != c.facts.UUID {`, `if i < 0 {`, "TestRule1Identity"},
	{"2", "an unsynced agent counts", "judge.go", `if o.Ping.AgentVersion == "" {`, `if false {`, "TestRule2Sync"},
	{"3", "an empty canary counts", "canary.go", `if len(hosts) == 0 {`, `if false {`, "TestRule3Canary"},
	{"3", "the demanded number of hosts does not matter", "canary.go", `if accounted < j.terms.MinCanaryHosts {`, `if false {`, "TestRule3Canary"},
	{"3", "a host may vanish from the canary", "canary.go", `if !has(hosts, host) && !slices`, `if false && !slices`, "TestRule3Canary"},
	{"3", "an allowed host may not vanish from the canary", "canary.go", `!slices.Contains(j.terms.Allowed, host) && `, ``, "TestRule3Canary"},
	{"3", "a fenced host may not vanish from the canary", "canary.go", `&& !j.fenced(host, k) {`, `{`, "TestRule3Canary"},
	{"3", "two attestations account for two hosts", "canary.go", `if !twice && `, `if twice == twice && `, "TestRule3Canary"},
	{"3", "hosts that another MDS shows do not matter", "canary.go", "\t\tj.hosts[k] = all\n", "\t\tif k > 0 { j.hosts[k] = j.hosts[k-1] } else { j.hosts[k] = nil }\n", "TestRule3Canary"},
	{"4", "a round from before the check counts", "judge.go", `round.Began >= 0 && `, ``, "TestRule4Order"},
	{"4", "a ping from before the round counts", "judge.go", `o.Ping.Asked >= 0 &&`, `true &&`, "TestRule4Order"},
	{"4", "a list from before the ping counts", "judge.go", `o.Clients.Asked >= o.Ping.ended() &&`, `true &&`, "TestRule4Order"},
	{"4", "a canary from before the list counts", "judge.go", `o.Canary.Asked >= o.Clients.ended() &&`, `true &&`, "TestRule4Order"},
	{"4", "a canary from behind the round counts", "judge.go", `o.Canary.ended() <= round.Took &&`, `true &&`, "TestRule4Order"},
	{"4", "ping and canary may be far apart", "judge.go", `time.Duration(o.Canary.ended()-o.Ping.Asked) <= j.terms.Timing.Span`, `true`, "TestRule4Order"},
	{"4", "canary asked before the list", "inquiry.go", "\tin.list(ctx, &w, deadline)\n", "\tdefer in.list(ctx, &w, deadline)\n", "TestRule4Order"},
	{"5", "a missing volume is free", "judge.go", `if e.Outcome == Missing {`, `if false {`, "TestRule5Existence"},
	{"5", "nobody need say that the volume exists", "judge.go", `if !known {`, `if false {`, "TestRule5Existence"},
	{"5", "an MDS without a ping may say that it exists", "judge.go", `&& pinged(round, e.MDS)`, ``, "TestRule5Existence"},
	{"5", "only the first MDS is asked whether it exists", "existence.go", `if w.existence == nil && w.ping.Outcome == Answered && !in.known(witnesses) && ctx.Err() == nil {`, `if false {`, "TestRule5Existence"},
	{"6", "a snapshot is taken for a volume", "guard.go", `if path.IsSnapshot() {`, `if false {`, "TestRule6Path"},
	{"6", "a path is sent as it comes", "guard.go", `errors.Join(append(errs, path.Validate())...)`, `errors.Join(errs...)`, "TestRule6Path"},
	{"6", "rounds may be too close", "timing.go", `t.RoundInterval < t.Refresh+t.LeaderRetry:`, `false:`, "TestRule6Path"},
	{"7", "half is a quorum", "policy.go", `return n/2 + 1`, `return n / 2`, "TestRule7Quorum"},
	{"7", "All is a majority", "policy.go", "return n\n", "return n/2 + 1\n", "TestRule7Quorum"},
	{"7", "an MDS counts as often as it answers", "judge.go", `counting = addOnce(counting, o.MDS)`, `counting = append(counting, o.MDS)`, "TestRule7Quorum"},
	{"7", "an MDS counts that is not configured", "judge.go", ` && slices.Contains(j.ev.MDS, o.MDS) {`, ` {`, "TestRule7Quorum"},
	{"7", "an MDS that was not pinged counts", "judge.go", `} else if o.Ping.Outcome == Answered && `, `} else if `, "TestGuardMatrixOverTheWire"},
	{"7", "nobody stands in for an MDS that fails", "inquiry.go", `if 0 < need && need < len(order)`, `if false && need < len(order)`, "TestRule7Quorum"},
	{"8", "one round is enough", "judge.go", `if len(rounds) < timing.Rounds {`, `if false {`, "TestRule8Rounds"},
	{"8", "rounds may follow at once", "judge.go", `time.Duration(apart) < timing.RoundInterval {`, `false {`, "TestRule8Rounds"},
	{"8", "the interval is counted from begin to begin", "judge.go", ` - rounds[k-1].Took; `, `; `, "TestRule8Rounds"},
	{"8", "the Guard does not pause between rounds", "flight.go", `time.NewTimer(f.key.timing.RoundInterval)`, `time.NewTimer(0)`, "TestRule8Rounds"},
	{"9", "only the first round shows who has it open", "holder.go", `for k, round := range j.ev.Rounds {`, `for k, round := range j.ev.Rounds[:min(1, len(j.ev.Rounds))] {`, "TestRule9ForeignClient"},
	{"9", "only MDS that were pinged show it", "holder.go", "\t\t\tif j.wrong(o) {\n", "\t\t\tif j.wrong(o) || o.Ping.Outcome != Answered {\n", "TestRule9ForeignClient"},
	{"9", "what is missing outweighs a foreign client", "judge.go", `case slices.ContainsFunc(r.holders`, `case len(j.reasons) == 0 && slices.ContainsFunc(r.holders`, "TestRule9ForeignClient"},
	{"9", "a client without an address is nobody", "holder.go", "\tif !ok {\n\t\treturn Foreign\n", "\tif !ok {\n\t\treturn Allowed\n", "TestRule9ForeignClient"},
	{"9", "addresses are compared as they are written", "terms.go", "\treturn addr.Unmap(), true\n", "\treturn addr, true\n", "TestRule9ForeignClient"},
	{"9", "a zone is dropped", "terms.go", ` || addr.Zone() != "" {`, ` {`, "TestRule6Path"},
	{"9", "an MDS that refuses its ping is not asked on", "inquiry.go", `if w.ping.Outcome == NoAnswer {`, `if w.ping.Outcome != Answered {`, "TestRule9ForeignClient"},
	{"9", "no cluster, no question", "inquiry.go", "\twitnesses := in.questionAll(ctx, order, need)\n", "\tif need == 0 { return make([]Round, len(in.targets)), false }\n\twitnesses := in.questionAll(ctx, order, need)\n", "TestRule9ForeignClient"},
	{"10", "a fence holds before its time", "holder.go", `if !begin.Before(a.At) {`, `if true || begin.Before(a.At) {`, "TestRule10Fence"},
	{"10", "a fence holds for every host", "holder.go", `if a.Host != host {`, `if false {`, "TestRule10Fence"},
	{"10", "a host that is back is still fenced", "holder.go", `if j.cameBack(c, k) {`, `if false {`, "TestRule10Fence"},
	{"sharing", "a check takes a round that began before it", "flight.go", `f.deliver(passengers, `, `f.deliver(append(passengers[:0], f.boarded()...), `, "TestGuardSharesNoOlderRound"},
	{"sharing", "who leaves within a round spoils the interval of the others", "flight.go", `case <-f.wake: // from`, `case <-make(chan int): // from`, "TestGuardDoesNotWaitForNobody"},
	{"sharing", "every check asks for the pools", "locate.go", `if _, err := g.pools.find(path, cluster); err == nil {`, `if false {`, "TestGuardCost"},
	{"sharing", "every check waits for its own failure", "shared.go", `if call <= s.covers {`, `if call < 0 {`, "TestLongest"},
	{"load", "nothing spaces the questions", "load.go", "\tp.next = turn\n", "", "TestCheckAll"},
	{"load", "any number of rounds begin at once", "flight.go", `min(int64(spans*float64(DefaultSpan)), busyLimit)`, `min(int64(spans), 0)`, "TestGuardUnderLoad"},
	{"load", "new checks go before those that are due", "bulk.go", `if batch := b.due(); len(batch) > 0 {`, `if batch := b.due(); len(batch) > 0 && b.ended {`, "TestCheckAll"},
	{"report", "the digest does not matter", "replay.go", `r.Digest == "" || r.Digest != r.digest()`, `false`, "TestReplayRefusesTampered"},
	{"report", "the verdict need not follow", "replay.go", `if !again.finds(r) {`, `if false {`, "TestReplayRefusesTampered"},
	{"report", "an expired report is good", "report.go", `age >= r.ValidFor`, `false`, "TestReplay"},
	{"report", "a report from the future is good", "report.go", `age < 0 || `, ``, "TestReplay"},
}

// Every rule has a mutant and a test that kills it, and docs/guard-rules.md says
// which. With the flag each mutant is built, as an overlay, and must be killed:
//
//	go test ./volume/guard -run TestGuardMutants -guard.mutants -v -timeout 20m
func TestGuardMutants(t *testing.T) {
	doc, err := os.ReadFile("../../docs/guard-rules.md")
	if err != nil {
		t.Fatal(err)
	}
	rules := map[string]bool{}
	for _, m := range mutants {
		rules[m.rule] = true
		source, err := os.ReadFile(m.file)
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(string(source), m.old); n != 1 {
			t.Errorf("%s: %q occurs %d times in %s, want once", m.name, m.old, n, m.file)
		}
		if row := fmt.Sprintf("| %s | %s | `%s` |", m.rule, m.name, m.test); !strings.Contains(string(doc), row) {
			t.Errorf("docs/guard-rules.md lacks the row\n%s", row)
		}
		if *runMutants {
			t.Run(m.rule+" "+m.name, func(t *testing.T) { m.mustDie(t, source) })
		}
	}
	for rule := 1; rule <= 10; rule++ {
		if !rules[fmt.Sprint(rule)] {
			t.Errorf("rule %d has no mutant", rule)
		}
	}
}

func (m mutant) mustDie(t *testing.T, source []byte) {
	dir := t.TempDir()
	changed := filepath.Join(dir, m.file)
	if err := os.WriteFile(changed, []byte(strings.Replace(string(source), m.old, m.new, 1)), 0o644); err != nil {
		t.Fatal(err)
	}
	original, err := filepath.Abs(m.file)
	if err != nil {
		t.Fatal(err)
	}
	overlay, _ := json.Marshal(map[string]any{"Replace": map[string]string{original: changed}})
	list := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(list, overlay, 0o644); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), "go", "test", "-vet=off", "-overlay", list, "-run", "^"+m.test+"$", "-timeout", "60s", ".").CombinedOutput()
	switch {
	case err == nil:
		t.Errorf("it lives: %s passes", m.test)
	case strings.Contains(string(out), "[build failed]"):
		t.Errorf("it does not build:\n%s", out)
	}
}
