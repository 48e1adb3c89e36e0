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
	rule string // number in package guard, or what else is broken
	name string // what the mutant does wrong
	file string
	old  string // occurs once in file
	new  string
	test string // of package proof if it begins with proof.
}

var mutants = []mutant{
	{"1", "another cluster named by facts does not matter", "proof/identity.go", `if id.Cluster != "" && id.Cluster != e.cluster {`, `if false {`, "proof.TestRule1Identity"},
	{"1", "another cluster found out by ping does not matter", "proof/identity.go", `o.Cluster != "" && o.Cluster != e.cluster {`, `false && o != nil {`, "proof.TestRule1Identity"},
	{"1", "any MDS names the cluster, not the majority", "proof/identity.go", `votes > n/2`, `votes > 0`, "proof.TestRule1Identity"},
	{"1", "the majority is of the MDS that answer", "proof/identity.go", `Majority(e.Evidence.Identities, len(e.Evidence.MDS))`, `Majority(e.Evidence.Identities, 1)`, "proof.TestRule1Identity"},
	{"1", "what the caller expects does not matter", "proof/identity.go", `e.cluster = e.Terms.ExpectCluster`, `e.cluster = ""`, "proof.TestRule1Identity"},
	{"1", "no cluster is known, and nothing is said of it", "proof/identity.go", `if len(e.rounds) > 0 || e.Evidence.Abort.Code == "" {`, `if false {`, "proof.TestRule1Identity"},
	{"1", "lists of another cluster's MDS count, by its ping", "proof/identity.go", `return o.Cluster != e.cluster`, `return false`, "proof.TestRule1Identity"},
	{"1", "lists of another cluster's MDS count, by its facts", "proof/identity.go", `return id.Cluster != e.cluster`, `return false`, "proof.TestRule1Identity"},
	{"1", "facts outweigh a later ping", "proof/identity.go", `e.cluster == "" || o.Ping.Outcome == Answered {`, `e.cluster == "" {`, "proof.TestRule1Identity"},
	{"1", "another cluster's MDS denies that the volume exists", "proof/listing.go", `if e.wrongMDS(round, x.MDS) {`, `if false {`, "proof.TestRule1Identity"},
	{"1", "an MDS counts that was not pinged", "proof/listing.go", ` && o.Ping.Outcome == Answered && !o.Late:`, ` && !o.Late:`, "proof.TestRule1Identity"},
	{"1", "the old name of a cluster is kept for ever", "check.go", `c.guard.ids.forget()`, ``, "TestCheckRule1Identity"},
	{"1", "any MDS names the physical pool", "locate.go", `if cluster != "" && id.Cluster != cluster {`, `if false {`, "TestCheckRule1Identity"},
	{"1", "an MDS that refuses its ping is not asked for its cluster", "poll.go", `if reply.outcome == proof.Refused {
		cluster`, `if false {
		cluster`, "TestCheckRule1Identity"},

	{"2", "an unsynced agent counts", "proof/listing.go", `o.Ping.AgentVersion != "", false`, `true, false`, "proof.TestRule2Untold"},
	{"2", "an unsynced agent that lists nobody is too old", "proof/listing.go", `if o.Ping.AgentVersion == "" && !o.showsAny() {`, `if false {`, "proof.TestRule2NeverTells"},
	{"2", "an agent that never tells its version is unsynced", "proof/listing.go", `if o.Generation != "" {`, `if false {`, "proof.TestRule2NeverTells"},
	{"2", "without a version no agent counts", "proof/listing.go", `if o.Ping.AgentVersion == "" && !o.showsAny() {`, `if o.Ping.AgentVersion == "" {`, "proof.TestRule2Untold"},
	{"2", "without a version a proof from before the list is enough", "proof/listing.go", "\tcanary, lists = list.Volume, true\n\t\t}\n", "\tcanary, lists = list.Volume, true\n\t\t}\n\t\tlists = lists || synced && o.Ping.AgentVersion == \"\"\n", "proof.TestRule2Untold"},
	{"2", "without a version an empty list from before is enough", "proof/listing.go", `if !list.shows() {`, `if !list.shows() && !(list.Outcome == Answered && o.before(list.Answer)) {`, "proof.TestRule2Untold"},
	{"2", "without a version a list from before the ping is enough", "proof/listing.go", `return a.Asked >= o.Ping.ended() && a`, `return a`, "proof.TestRule2Untold"},
	{"2", "without a version a list that ended behind the volume's is enough", "proof/listing.go", `a.during(o.Clients.Asked)`, `a.Asked <= o.Clients.Asked && a.Took >= 0`, "proof.TestRule2Untold"},
	{"2", "without a version a list of no time is enough", "proof/listing.go", `a.during(o.Clients.Asked)`, `a.ended() <= o.Clients.Asked`, "proof.TestRule2Untold"},
	{"2", "an agent need not show that it can list", "proof/listing.go", "\tif o.Survey == nil {\n\t\treturn canary, Reason{Code: ListingUnproved}\n", "\tif o.Survey == nil {\n\t\treturn e.Volume, Reason{}\n", "proof.TestRule2Listing"},
	{"2", "an empty list shows that an agent can list", "proof/evidence.go", `l.Outcome == Answered && len(l.Clients) > 0`, `l.Outcome == Answered`, "proof.TestRule2Listing"},
	{"2", "a refused list shows that an agent can list", "proof/evidence.go", `return l.Outcome == Answered && len`, `return len`, "proof.TestRule2Listing"},
	{"2", "an agent need not be asked for the volume", "proof/listing.go", "\tif o.Clients.Outcome != Answered {\n", "\tif false {\n", "proof.TestRule2Listing"},
	{"2", "a question that failed was none", "proof/listing.go", `for _, a := range []Answer{o.Ping.Answer, o.Clients.Answer} {`, `for _, a := range []Answer{} {`, "proof.TestRule2Listing"},
	{"2", "a round from before the check counts", "proof/listing.go", `return round.Began >= 0 && `, `return `, "proof.TestRule2Order"},
	{"2", "a ping of another time counts", "proof/listing.go", `o.Ping.during(round.Took) && `, ``, "proof.TestRule2Order"},
	{"2", "a list of another time counts", "proof/listing.go", `o.Clients.during(round.Took) &&`, `true &&`, "proof.TestRule2Order"},
	{"2", "an answer from before the round counts", "proof/evidence.go", `return a.Asked >= 0 && a.Took`, `return a.Took`, "proof.TestRule2Order"},
	{"2", "an answer from after the round counts", "proof/evidence.go", ` && a.ended() <= took`, ``, "proof.TestRule2Order"},
	{"2", "an answer came before its question", "proof/evidence.go", ` && a.Took >= 0 && `, ` && `, "proof.TestRule2Order"},
	{"2", "a list from before the ping counts", "proof/listing.go", `o.Clients.Asked >= o.Ping.ended() &&`, `true &&`, "proof.TestRule2Order"},
	{"2", "ping and list may be far apart", "proof/listing.go", `time.Duration(o.Clients.ended()-o.Ping.Asked) <= e.Terms.Timing.Span`, `true`, "proof.TestRule2Order"},
	{"2", "a proof from before the list counts", "proof/listing.go", `a.Asked >= o.Clients.ended() && `, ``, "proof.TestRule2Order"},
	{"2", "a proof of another time counts", "proof/listing.go", `a.during(round.Took) && time`, `time`, "proof.TestRule2Order"},
	{"2", "ping and proof may be far apart", "proof/listing.go", `time.Duration(a.ended()-o.Ping.Asked) <= e.Terms.Timing.Span`, `true`, "proof.TestRule2Order"},
	{"2", "a late list proves something", "proof/listing.go", `o.Ping.Outcome == Answered && !o.Late:`, `o.Ping.Outcome == Answered:`, "proof.TestRule7ForeignClient"},
	{"2", "the proof is asked before the list", "polling.go", "\tp.askLists(ctx)\n\tswitch", "\tdefer p.askLists(ctx)\n\tswitch", "TestCheckRule2Order"},
	{"2", "without a version nothing is asked for before the list", "polling.go", "\tif state == unversioned {\n\t\tsurvey.askBefore(ctx)\n\t}\n", ``, "TestAgentsThatNeverTell"},
	{"2", "without a version nothing is asked for after the list", "unversioned.go", "\t\ts.run(ctx)\n", "\t\ts.keep()\n", "TestAgentsThatNeverTell"},
	{"2", "without a version the canary is not asked for again", "survey.go", `if s.before != (zbs.Path{}) && s.unproved() {`, `if false {`, "TestAgentsThatNeverTell"},
	{"2", "the generation is not asked for", "unversioned.go", `if err != nil || have.TellsVersion() {`, `if err != nil || !have.TellsVersion() {`, "TestAgentsThatNeverTell"},
	{"2", "nothing of hosts that need not be shown is asked for", "survey.go", "\t\ts.askAny(ctx)\n", "", "TestCheckRule2Order"},
	{"2", "the caller's canary is not asked for", "survey.go", "\t\ts.ask(ctx, canary)\n", "", "TestCheckRule2Order"},

	{"3", "nothing is asked for to show hosts", "survey.go", "\ts.askHosts(ctx)\n", "", "TestIssueHostsKeepNoHeartbeatVolumeOpen"},
	{"3", "without an inventory nobody misses a host", "proof/explain.go", "\t\te.block(Reason{Code: NoInventory})\n", "", "proof.TestRule3Inventory"},
	{"3", "a round counts without an inventory", "proof/rounds.go", `w.Counts = e.inv.Len() > 0 && `, `w.Counts = `, "proof.TestRule3Inventory"},
	{"3", "a host need not be listed", "proof/rounds.go", "(!l.seen.Has(i) || e.namedOpen(i)) {\n\t\t\treturn false", "(!l.seen.Has(i) || e.namedOpen(i)) {\n\t\t\treturn true", "proof.TestRule3Visible"},
	{"3", "a host is visible that one MDS lists", "proof/listing.go", "\t\tif n > 0 && n >= e.needs {\n\t\t\treading", "\t\tif n > 0 {\n\t\t\treading", "proof.TestRule3Visible"},
	{"3", "lists of another time show a host", "proof/survey.go", "\tif !r.disorder && r.ended <= took {\n", "\tif true {\n", "proof.TestRule3Visible"},
	{"3", "the volume's own list shows nobody", "proof/listing.go", "\t\tseen.AddClients(e.inv, o.Clients.Clients)\n", "", "proof.TestRule3SignOfLife"},
	{"3", "addresses are compared as they are written", "proof/host.go", `return addr.WithZone("").Unmap()`, `return addr`, "proof.TestRule3Visible"},
	{"3", "an address that belongs to no host does not matter", "proof/rounds.go", `r.exists && len(r.incomplete) == 0 && w`, `r.exists && w`, "proof.TestRule3Inventory"},
	{"3", "nobody is told of an address that belongs to no host", "proof/explain.go", "\t\tfor _, r := range e.rounds[k].incomplete {\n\t\t\te.block(r)\n", "\t\tfor range e.rounds[k].incomplete {\n", "proof.TestRule3Inventory"},
	{"3", "a host in maintenance need not be accounted for although it is listed", "proof/account.go", ` || e.everSeen(i) || `, ` || `, "proof.TestRule3Inventory"},
	{"3", "a host in maintenance must be accounted for", "proof/account.go", `host.State == InService && `, ``, "proof.TestRule3Inventory"},
	{"3", "a host without the pool must be accounted for", "proof/account.go", ` && host.Attached(e.Volume.Pool)`, ``, "proof.TestRule3Inventory"},
	{"3", "a host in maintenance may be named as having it open", "proof/account.go", ` || e.namedOpen(i)
`, `
`, "proof.TestRule3Inventory"},
	{"3", "a host that is named as having it open is visible", "proof/account.go", `return slices.Contains(e.inv.At(i).Open, e.Volume)`, `return false`, "proof.TestRule3Inventory"},
	{"3", "an allowed host must be visible", "proof/account.go", "\t\t\th.excused = AllowedHost\n", "", "proof.TestRule3Allowed"},
	{"3", "every host is allowed", "proof/account.go", "\t\t\te.hosts[i].standing = Allowed\n", "\t\t\tfor i = range e.hosts { e.hosts[i].standing = Allowed }\n", "proof.TestRule3Allowed"},
	{"3", "a witness vouches for every host", "proof/account.go", `if s.Host != e.inv.At(i).Name {`, `if false {`, "proof.TestRule3Vouched"},
	{"3", "a witness vouches that failed", "proof/account.go", `case s.Outcome != Answered:`, `case false:`, "proof.TestRule3Vouched"},
	{"3", "a witness vouches that says yes", "proof/account.go", `return false // holders says so`, `vouches = true`, "proof.TestRule3Vouched"},
	{"3", "a witness may say of an earlier time", "proof/account.go", `case s.At < 0 || s.At`, `case s.At`, "proof.TestRule3Vouched"},
	{"3", "a witness may say of the future", "proof/account.go", `s.At > s.ended() || `, ``, "proof.TestRule3Vouched"},
	{"3", "a witness may be late", "proof/account.go", ` || s.ended() > round.Took || `, ` || `, "proof.TestRule3Vouched"},
	{"3", "a witness may have been asked before", "proof/account.go", ` || s.Asked < 0:`, `:`, "proof.TestRule3Vouched"},
	{"3", "a witness of the first round vouches", "proof/account.go", `round := &e.Evidence.Rounds[len(e.Evidence.Rounds)-1]`, `round := &e.Evidence.Rounds[0]`, "proof.TestRule3Vouched"},
	{"3", "a witness that fails is taken for a no", "witness.go", "\tif a.err != nil {\n", "\tif false {\n", "TestCheckRule3Witness"},
	{"3", "a witness need not say of when it is", "witness.go", `s.Outcome, s.At = proof.Answered, -1`, `s.Outcome, s.At = proof.Answered, s.Asked`, "TestCheckRule3Witness"},
	{"3", "a witness that hangs is waited for", "witness.go", "\tcase <-ctx.Done():\n\t\treturn testimony{host: host.Name", "\tcase <-make(chan int):\n\t\treturn testimony{host: host.Name", "TestCheckRule3Witness"},
	{"3", "a yes of a witness is lost", "witness.go", `s.Open = s.Open || open == volume`, `s.Open = s.Open && open == volume`, "TestCheckRule3Witness"},
	{"3", "a fence holds before its time", "proof/fence.go", `case age < 0:`, `case false:`, "proof.TestRule3Fenced"},
	{"3", "a fence holds for ever", "proof/fence.go", `case age > time.Duration(e.Terms.MaxFenceAge):`, `case false:`, "proof.TestRule3Fenced"},
	{"3", "a fence holds for the first host", "proof/account.go", `i, ok := e.inv.Find(a.Host)
		if !ok ||`, `i, _ := e.inv.Find(a.Host)
		if`, "proof.TestRule3Fenced"},
	{"3", "a fenced host must be visible", "proof/account.go", "\t\t\th.excused = FencedHost\n", "", "proof.TestRule3Fenced"},
	{"3", "a host that is back is still fenced", "proof/decide.go", "\te.breakFences()\n", "", "proof.TestRule3SignOfLife"},
	{"3", "an entry is no sign of life", "proof/fence.go", `case e.rounds[k].seen.Has(i) && begin.Sub(fenced) > e.Terms.Timing.signOfLife():`, `case false:`, "proof.TestRule3SignOfLife"},
	{"3", "an entry is a sign of life at once", "proof/timing.go", `return t.RegistryExpiry + t.Refresh`, `return 0`, "proof.TestRule3SignOfLife"},
	{"3", "entries are gone an expiry after the fence", "proof/timing.go", `return t.RegistryExpiry + t.Refresh`, `return t.RegistryExpiry`, "proof.TestRule3SignOfLife"},
	{"3", "a new client is no sign of life", "proof/fence.go", `return e.reappeared(c, k)`, `return false`, "proof.TestRule3SignOfLife"},
	{"3", "a client is new to a round in which nobody could list", "proof/fence.go", `len(e.rounds[earlier].listing) > 0 && `, ``, "proof.TestRule3SignOfLife"},
	{"3", "the word of a witness is no sign of life", "proof/fence.go", `return e.livesAfter(s, i, begin, fenced)`, `return false`, "proof.TestRule3SignOfLife"},
	{"3", "a host that was alive before its fence is back", "proof/fence.go", `.After(fenced))`, `.After(time.Time{}))`, "proof.TestRule3SignOfLife"},
	{"3", "the first attestation says when the host was fenced", "proof/fence.go", ` && a.At.After(at) {`, ` && at.IsZero() {`, "proof.TestRule3SignOfLife"},
	{"3", "an attestation that is not used says when the host was fenced", "proof/fence.go", `e.invalid(a).Code == "" && `, ``, "proof.TestRule3SignOfLife"},
	{"3", "hosts fence themselves without a promise", "proof/selffence.go", "\tif bound <= 0 {\n\t\treturn false\n\t}\n", "", "proof.TestRule3SelfFenced"},
	{"3", "the bound counts from the begin of the first absent round", "proof/selffence.go", `max(rounds[absent[first]].end(), `, `max(time.Duration(rounds[absent[first]].Began), `, "proof.TestRule3SelfFenced"},
	{"3", "the bound counts to the end of the last round", "proof/selffence.go", `time.Duration(rounds[absent[len(absent)-1]].Began)`, `rounds[absent[len(absent)-1]].end()`, "proof.TestRule3SelfFenced"},
	{"3", "the bound counts from the begin of the check", "proof/selffence.go", `since := max(rounds[absent[first]].end(), e.lastAlive(i))`, `since := time.Duration(0)`, "proof.TestRule3SelfFenced"},
	{"3", "a host that is seen again stays absent", "proof/selffence.go", `absent = absent[:0]`, ``, "proof.TestRule3SelfFenced"},
	{"3", "a host is absent when nobody can list", "proof/selffence.go", `case e.rounds[k].lists:`, `default:`, "proof.TestRule3SelfFenced"},
	{"3", "one disturbance hides a host from one round, whatever the terms", "proof/selffence.go", `first := e.Terms.Timing.Disturbances() - 1`, `first := 0`, "proof.TestRule3SelfFencedDisturbances"},
	{"3", "a host that reached its data later fenced itself before", "proof/selffence.go", `, e.lastAlive(i))`, `)`, "proof.TestRule3SelfFenced"},
	{"3", "nobody is told that the verdict rests on self-fencing", "proof/explain.go", `e.note(Reason{Code: RestsOnSelfFencing, Detail: e.inv.At(i).Name})`, ``, "proof.TestRule3SelfFenced"},
	{"3", "hosts that were changed in place are those of before", "source.go", `hosts = cloned(hosts)`, `hosts = slices.Clone(hosts)`, "TestHostsChangedInPlace"},
	{"3", "an allowed host may be in no inventory", "source.go", `inventory.Len() > 0 || !addr {`, `addr && false {`, "TestCheckRule4Path"},

	{"4", "a missing volume is free", "proof/listing.go", `if x.Outcome == Missing {`, `if false {`, "proof.TestRule4Existence"},
	{"4", "no MDS need say that the volume exists", "proof/rounds.go", `> 0 && r.exists && len`, `> 0 && len`, "proof.TestRule4Existence"},
	{"4", "an MDS without a ping may say that it exists", "proof/listing.go", ` && pinged(round, x.MDS)`, ``, "proof.TestRule4Existence"},
	{"4", "an MDS with a ping of an earlier round may", "proof/listing.go", "o.Ping.Outcome == Answered && !o.Late\n", "o.Ping.Outcome == Answered\n", "proof.TestRule4Existence"},
	{"4", "it may be said of another time", "proof/listing.go", ` && x.during(round.Took) && pinged`, ` && pinged`, "proof.TestRule4Existence"},
	{"4", "a volume that is missing in bulk exists", "poll.go", `reply.outcome == proof.Answered && !there {`, `false && !there {`, "TestCheckRule4Existence"},
	{"4", "a volume is missing because its batch is refused", "poll.go", `reply.outcome == proof.Refused || reply.outcome == proof.Missing {`, `reply.outcome == proof.Refused {`, "TestGenerationsExistence"},
	{"4", "a snapshot is taken for a volume", "check.go", `if c.path.IsSnapshot() {`, `if false {`, "TestCheckRule4Path"},
	{"4", "a path is sent as it comes", "check.go", `errors.Join(err, c.path.Validate())`, `err`, "TestCheckRule4Path"},

	{"5", "half is a quorum", "proof/policy.go", `return n/2 + 1`, `return n / 2`, "proof.TestRule5Quorum"},
	{"5", "All is a majority", "proof/policy.go", "return n\n", "return n/2 + 1\n", "proof.TestRule5Quorum"},
	{"5", "a round needs no quorum", "proof/rounds.go", `w.Proved > 0 && w.Proved >= e.needs`, `w.Proved > 0`, "proof.TestRule5Quorum"},
	{"5", "of no MDS all agree", "proof/rounds.go", `w.Proved > 0 && w.Proved >= e.needs`, `w.Proved >= e.needs`, "proof.TestRule5Quorum"},
	{"5", "an MDS counts as often as it answers", "proof/rounds.go", `return len(servers)`, `return len(listing)`, "proof.TestRule5Quorum"},
	{"5", "an MDS counts that is not configured", "proof/listing.go", `case slices.Contains(e.Evidence.MDS, o.MDS) && `, `case `, "proof.TestRule5Quorum"},
	{"5", "addresses of one server are several", "proof/case.go", `return "serial " + id.Server`, `return addr.String()`, "proof.TestRule5Servers"},
	{"5", "a list that is one server is no mistake", "proof/identity.go", `e.block(r) // a list`, `e.note(r) // a list`, "proof.TestRule5Servers"},
	{"5", "agents that do not tell are one server", "proof/case.go", `id.MDS == addr && id.Server != "" {`, `id.MDS == addr {`, "proof.TestRule5Servers"},
	{"5", "an agent that is too old is one that refuses", "proof/listing.go", "\tcase TooOld:\n\t\treturn Reason{Code: AgentTooOld, Detail: a.Error}\n", ``, "proof.TestRule5TooOld"},
	{"5", "nobody is told that agents without a cluster are too old", "proof/identity.go", "\t\t\te.blockOld()\n", ``, "proof.TestRule5TooOld"},
	{"5", "a host is visible that one server lists twice", "proof/listing.go", `server := e.serverOf(l.mds)`, `server := l.mds.String()`, "proof.TestRule5Servers"},
	{"5", "nobody is told of agents that do not tell", "proof/identity.go", `if len(unknown) > 0 {`, `if len(unknown) > 1 {`, "proof.TestRule5Servers"},
	{"5", "nobody is told that the list is of one MDS", "proof/identity.go", `if len(e.Evidence.MDS) == 1 {`, `if false {`, "proof.TestRule5Quorum"},
	{"5", "First is Free", "proof/decide.go", `e.block(Reason{Code: UnsafePolicy, MDS: o.MDS, Detail: e.firstList(o)})`, ``, "proof.TestRule5First"},
	{"5", "a serial number that means nothing is a server", "identity.go", `if slices.Contains(noSerials, strings.ToLower(serial)) {`, `if false {`, "TestServerName"},

	{"6", "rounds may be any time apart", "proof/rounds.go", `> 2*timing.RoundInterval+timing.Span`, `> 2*timing.RoundInterval+1<<62`, "proof.TestRule6Rounds"},
	{"6", "one round is enough", "proof/rounds.go", `n > 0 && n >= e.Terms.Timing.Rounds`, `n > 0`, "proof.TestRule6Rounds"},
	{"6", "no round is enough", "proof/explain.go", "\tif len(e.reasons) == 0 {\n", "\tif len(e.reasons) == 0 && len(e.rounds) > 0 {\n", "proof.TestRule6Rounds"},
	{"6", "rounds may follow at once", "proof/rounds.go", `case worth.Counts && e.farFrom(counted, k):`, `case worth.Counts:`, "proof.TestRule6Rounds"},
	{"6", "the interval is counted from begin to begin", "proof/rounds.go", `-before.end() >= e.Terms`, `-time.Duration(before.Began) >= e.Terms`, "proof.TestRule6Rounds"},
	{"6", "a round that does not count may", "proof/rounds.go", `case worth.Counts && e.farFrom(counted, k):`, `case e.farFrom(counted, k):`, "proof.TestRule6Rounds"},
	{"6", "a host may vanish", "proof/rounds.go", `case !worth.Counts && e.shrank(counted, k):`, `case false:`, "proof.TestRule6Rounds"},
	{"6", "a host vanishes when nobody can list", "proof/rounds.go", "\tif !e.rounds[k].lists {\n\t\treturn false\n\t}\n", "", "proof.TestRule6Rounds"},
	{"6", "an allowed host may not vanish", "proof/rounds.go", `e.hosts[i].excused == MeansNone && e.rounds[earlier]`, `e.rounds[earlier]`, "proof.TestRule6Rounds"},
	{"6", "rounds may be too close by the terms", "proof/timing.go", `case t.RoundInterval < t.Refresh+t.LeaderRetry:`, `case false:`, "proof.TestTerms"},
	{"6", "one round may be asked for", "proof/timing.go", `case t.Rounds < 2:`, `case false:`, "proof.TestTerms"},
	{"6", "a span may be as long as an interval", "proof/timing.go", `case t.RoundInterval < t.Span*2:`, `case false:`, "proof.TestTerms"},
	{"6", "the Guard does not pause between rounds", "check.go", `return d.Next, d.Next <= last+c.span()`, `return 0, d.Next <= last+c.span()`, "TestGuardFree"},
	{"6", "a spoiled round ends the check", "check.go", `!d.Open || len(d.Rounds) == 0 {`, `!d.Open || !d.Rounds[len(d.Rounds)-1].Counts {`, "TestCheckRule6Rounds"},

	{"7", "only the first round shows a client", "proof/foreign.go", "\tfor k := range e.Evidence.Rounds {\n\t\tfor o", "\tfor k := range e.Evidence.Rounds[:min(1, len(e.Evidence.Rounds))] {\n\t\tfor o", "proof.TestRule7ForeignClient"},
	{"7", "only MDS that were pinged show a client", "proof/foreign.go", `!e.wrong(o) && !yield(o)`, `!e.wrong(o) && o.Ping.Outcome == Answered && !yield(o)`, "proof.TestRule7ForeignClient"},
	{"7", "a client that came late does not count", "proof/foreign.go", `!e.wrong(o) && !yield(o)`, `!e.wrong(o) && !o.Late && !yield(o)`, "proof.TestRule7ForeignClient"},
	{"7", "what is missing outweighs a foreign client", "proof/decide.go", `case foreign:`, `case foreign && len(e.reasons) == 0:`, "proof.TestRule7ForeignClient"},
	{"7", "a client that is listed when it is asked again does not count", "proof/foreign.go", "\tif len(again) == 0 {\n", "\tif true {\n", "proof.TestRule7AskedAgain"},
	{"7", "a client without an address is nobody", "proof/foreign.go", "\tif !ok || e.inv.Len() > 0 {\n\t\treturn Foreign\n", "\tif !ok || e.inv.Len() > 0 {\n\t\treturn Allowed\n", "proof.TestRule7Addresses"},
	{"7", "an address of no host may be allowed by itself", "proof/foreign.go", `if !ok || e.inv.Len() > 0 {`, `if !ok {`, "proof.TestRule7Addresses"},
	{"7", "a yes of a witness does not count", "proof/foreign.go", `if s.Outcome == Answered && s.Open {`, `if false {`, "proof.TestRule3Vouched"},
	{"7", "an MDS that refuses its ping is not asked on", "poll.go", `return reply.outcome != proof.NoAnswer && reply.outcome`, `return reply.outcome == proof.Answered && reply.outcome`, "TestCheckRule7ForeignClient"},
	{"7", "no cluster, no question", "poll.go", `return true // there is no cluster`, `return false // there is no cluster`, "TestCheckRule7ForeignClient"},
	{"7", "what comes after a round is lost", "poll.go", "\t\tp.checks[i].addLate(o)\n", "\t\t_ = o\n", "TestCheckRule7ForeignClient"},

	{"8", "an expired report is good", "proof/report.go", ` || age >= r.ValidFor`, ``, "proof.TestRule8Validity"},
	{"8", "a report from the future is good", "proof/report.go", `age < 0 || `, ``, "proof.TestRule8Validity"},
	{"8", "an expired report is good in its process", "proof/report.go", `return r.observed.Elapsed() >= r.ValidFor`, `return false`, "proof.TestRule8Validity"},
	{"8", "a report is as old as its last round, whether it counts or not", "proof/rounds.go", `d.Observed = last `, `d.Observed = len(e.rounds) - 1 + 0*last `, "proof.TestRule8Validity"},
	{"8", "a report is as old as the begin of its check", "proof/report.go", `r.observed = began.Add(after)`, ``, "proof.TestRule8Validity"},
	{"8", "a verdict that expired before it is told is good", "check.go", `if report.Verdict == Free && report.Expired() {`, `if false {`, "TestIssueVerdictAfterASuspend"},
	{"8", "a report of a batch that expired is told of", "bulkreport.go", `if errors.Is(err, ErrReportExpired) {`, `if errors.Is(err, ErrReportExpired) && false {`, "TestIssueCheckAllWithASlowBody"},
	{"8", "the zero Guard does not deny", "single.go", `if g.caller == nil {`, `if false {`, "TestZeroGuardDenies"},

	{"report", "the digest does not matter", "proof/replay.go", `r.Digest == "" || r.Digest != r.digest()`, `false`, "proof.TestReplayRefusesTampered"},
	{"report", "the verdict need not follow", "proof/replay.go", `if !again.finds(r) {`, `if false {`, "proof.TestReplayRefusesTampered"},
	{"report", "an expired report is replayed", "proof/replay.go", `if r.ExpiredAt(at) {`, `if false {`, "proof.TestReplay"},
	{"report", "any schema is read", "proof/replay.go", `case r.Schema != ReportSchema:`, `case false:`, "proof.TestReplayRefusesOther"},
	{"report", "hosts may be changed", "proof/report.go", `Hosts: r.Evidence.Hosts.sum(), `, ``, "proof.TestReplayRefusesTampered"},
	{"report", "surveys may be changed", "proof/report.go", `doc.Surveys = append(doc.Surveys, o.Survey.sum())`, ``, "proof.TestReplayRefusesTampered"},
}

// Every rule has a mutant and a test that kills it, and docs/guard-rules.md says
// which. With the flag each mutant is built, as an overlay, and must be killed:
//
//	go test ./volume/guard -run TestGuardMutants -guard.mutants -v -timeout 30m
func TestGuardMutants(t *testing.T) {
	doc, err := os.ReadFile("../../docs/guard-rules.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(doc), "\n## The mutants\n")
	table, _, _ = strings.Cut(table, "\n## ")
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
		if row := m.row(); !strings.Contains(table, row) {
			t.Errorf("docs/guard-rules.md lacks the row\n%s", row)
		}
		if *runMutants {
			t.Run(m.rule+" "+m.name, func(t *testing.T) { m.mustDie(t, source) })
		}
	}
	if n := strings.Count(table, "` |\n"); n != len(mutants) {
		t.Errorf("docs/guard-rules.md has %d rows, there are %d mutants", n, len(mutants))
	}
	for rule := 1; rule <= 8; rule++ {
		if !rules[fmt.Sprint(rule)] {
			t.Errorf("rule %d has no mutant", rule)
		}
	}
}

// row is the mutant in the table of the documentation.
func (m mutant) row() string { return fmt.Sprintf("| %s | %s | `%s` |", m.rule, m.name, m.test) }

func (m mutant) mustDie(t *testing.T, source []byte) {
	dir := t.TempDir()
	changed := filepath.Join(dir, filepath.Base(m.file))
	if err := os.WriteFile(changed, []byte(strings.Replace(string(source), m.old, m.new, 1)), 0o644); err != nil {
		t.Fatal(err)
	}
	original, err := filepath.Abs(m.file)
	if err != nil {
		t.Fatal(err)
	}
	overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{original: changed}})
	if err != nil {
		t.Fatal(err)
	}
	list := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(list, overlay, 0o644); err != nil {
		t.Fatal(err)
	}
	test, in := m.test, "."
	if own, ok := strings.CutPrefix(test, "proof."); ok {
		test, in = own, "./proof"
	}
	out, err := exec.CommandContext(t.Context(), "go", "test", "-vet=off", "-overlay", list, "-run", "^"+test+"$", "-timeout", "60s", in).CombinedOutput()
	switch {
	case err == nil:
		t.Errorf("it lives: %s passes", m.test)
	case strings.Contains(string(out), "[build failed]"):
		t.Errorf("it does not build:\n%s", out)
	}
}
