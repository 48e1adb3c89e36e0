package guardreport

import (
	"github.com/zbsclient/zbsclient/internal/cli/internal/term"
	"github.com/zbsclient/zbsclient/volume/guard"
)

// ruleTexts are the rules of package guard, in short.
var ruleTexts = []string{
	"identity: the MDS confirm one cluster in each round",
	"listing: an MDS counts if it is synced, and lists a client for something",
	"hosts: each of the inventory is accounted for, and no other shows",
	"existence: the volume exists, and its path names a volume",
	"quorum: a majority of the configured MDS counts in each round",
	"rounds: as many as wanted, far apart, and no host is lost between them",
	"foreign client: no host that is neither allowed nor fenced is listed",
	"validity: the verdict has an end, and has not passed it",
}

// rules prints each rule and whether it is kept. When the check ended early, the rest
// is unknown.
func (p *printer) rules() {
	broken := make(map[int]bool)
	ended := p.report.Evidence.Abort.Code != "" || len(p.report.Evidence.Rounds) == 0
	for _, reason := range p.report.Reasons {
		broken[reason.Code.Rule()] = true
	}
	broken[7] = broken[7] || len(p.report.ForeignHolders()) > 0
	broken[8] = p.report.Verdict == guard.Free && p.Expired()
	p.Line("")
	for i, rule := range ruleTexts {
		mark := p.Style(term.Green, "kept    ")
		switch {
		case broken[i+1]:
			mark = p.Style(term.Red, "NOT KEPT")
		case ended || p.report.Policy == guard.First:
			mark = p.Style(term.Dim, "unknown ")
		}
		p.Line("%d. %s  %s", i+1, mark, rule)
	}
}
